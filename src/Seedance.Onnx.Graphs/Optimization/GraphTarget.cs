namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>What an optimised graph is to run on. Decides which fused operators may be used.</summary>
public enum GraphTarget
{
    /// <summary>ONNX Runtime's own kernels on the processor.</summary>
    Cpu,

    /// <summary>ONNX Runtime on an NVIDIA card.</summary>
    Cuda,

    /// <summary>NVIDIA TensorRT, which fuses by itself and knows none of ONNX Runtime's own operators.</summary>
    TensorRt,

    /// <summary>ONNX Runtime on a graphics card through WebGPU.</summary>
    WebGpu,
}
