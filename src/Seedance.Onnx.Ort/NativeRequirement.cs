using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>A native library that a provider needs, and where it comes from.</summary>
internal sealed record NativeRequirement(string Library, string Remedy)
{
    private const string GpuBuild = "Build with -p:OnnxRuntimeGpu=true, which fetches it.";

    // The shared library is loaded first by the other two, which do not load by themselves: it stands for all three.
    private static readonly NativeRequirement[] Cuda =
    [
        new("libonnxruntime_providers_shared.so", GpuBuild),
        new("libcuda.so.1", "Install the driver of the NVIDIA card."),
        new("libcudart.so.13", "Install CUDA 13."),
        new("libcublas.so.13", "Install CUDA 13."),
        new("libcudnn.so.9", "Install cuDNN 9 for CUDA 13."),
    ];

    private static readonly NativeRequirement[] TensorRt =
    [
        .. Cuda,
        new("libnvinfer.so.10", "Install TensorRT 10 for CUDA 13."),
        new("libnvonnxparser.so.10", "Install TensorRT 10 for CUDA 13."),
    ];

    /// <summary>What a provider loads on Linux; elsewhere ONNX Runtime's own message has to do.</summary>
    public static IReadOnlyList<NativeRequirement> Of(ExecutionProvider provider) => provider switch
    {
        ExecutionProvider.Cuda => Cuda,
        ExecutionProvider.TensorRt => TensorRt,
        _ => [],
    };

    /// <summary>The first library that does not load.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="loads">Whether a library loads.</param>
    /// <returns>What is missing and what to do; null if nothing is.</returns>
    public static string? FindMissing(ExecutionProvider provider, Func<string, bool> loads) =>
        Of(provider).FirstOrDefault(requirement => !loads(requirement.Library)) is { } missing
            ? $"needs the library {missing.Library}, which does not load. {missing.Remedy}"
            : null;
}
