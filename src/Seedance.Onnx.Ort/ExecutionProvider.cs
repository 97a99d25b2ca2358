namespace Seedance.Onnx.Ort;

/// <summary>What computes a graph's nodes.</summary>
public enum ExecutionProvider
{
    /// <summary>ONNX Runtime's own kernels on the processor; always there.</summary>
    Cpu,
}
