namespace Seedance.Onnx.Execution;

/// <summary>The names of execution providers as packs, host files and commands write them.</summary>
public static class ExecutionProviderNames
{
    private static readonly string[] Rows = ["cpu", "webgpu", "cuda", "tensorrt"];

    /// <summary>Every name: cpu, webgpu, cuda, tensorrt.</summary>
    public static IReadOnlyList<string> All => Rows;

    /// <summary>The name of a provider.</summary>
    /// <param name="provider">The provider.</param>
    /// <returns>Its name, lower case.</returns>
    public static string ToName(this ExecutionProvider provider) => Rows[(int)provider];

    /// <summary>Reads a provider's name.</summary>
    /// <param name="name">One of <see cref="All"/>, in any case; anything else, null too, is no name.</param>
    /// <param name="provider">The provider; <see cref="ExecutionProvider.Cpu"/> when the answer is false.</param>
    /// <returns>Whether it is a provider's name.</returns>
    public static bool TryParse(string? name, out ExecutionProvider provider)
    {
        int index = Array.FindIndex(Rows, row => string.Equals(row, name, StringComparison.OrdinalIgnoreCase));
        provider = (ExecutionProvider)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>Whether a provider runs on NVIDIA cards, and so on one of several devices.</summary>
    /// <param name="provider">The provider.</param>
    /// <returns>True for CUDA and TensorRT.</returns>
    public static bool IsNvidia(this ExecutionProvider provider) => provider is ExecutionProvider.Cuda or ExecutionProvider.TensorRt;
}
