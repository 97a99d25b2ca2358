namespace Seedance.Onnx.Execution;

/// <summary>What computes a graph's nodes.</summary>
public enum ExecutionProvider
{
    /// <summary>"cpu": ONNX Runtime's own kernels on the processor; always there.</summary>
    Cpu,

    /// <summary>"webgpu": any graphics card, through Vulkan, Metal or Direct3D 12.</summary>
    WebGpu,

    /// <summary>"cuda": an NVIDIA card, kernel by kernel.</summary>
    Cuda,

    /// <summary>"tensorrt": an NVIDIA card, with engines that are built for the graph.</summary>
    TensorRt,
}
