namespace Seedance.Onnx.Execution;

/// <summary>Whether TensorRT also writes an ONNX file that stands for the built engine, to be opened elsewhere without a build.</summary>
public enum EngineContext
{
    /// <summary>"none": it does not.</summary>
    None,

    /// <summary>"external": it does, and the file names the engine, which lies beside it.</summary>
    External,

    /// <summary>"embedded": it does, with the engine inside.</summary>
    Embedded,
}
