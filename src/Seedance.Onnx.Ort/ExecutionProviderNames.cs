namespace Seedance.Onnx.Ort;

/// <summary>The names of execution providers as people and ONNX Runtime write them.</summary>
public static class ExecutionProviderNames
{
    private static readonly (ExecutionProvider Provider, string Name, string RuntimeName)[] Rows =
    [
        (ExecutionProvider.Cpu, "cpu", "CPUExecutionProvider"),
        (ExecutionProvider.WebGpu, "webgpu", "WebGpuExecutionProvider"),
        (ExecutionProvider.Cuda, "cuda", "CUDAExecutionProvider"),
        (ExecutionProvider.TensorRt, "tensorrt", "TensorrtExecutionProvider"),
    ];

    /// <summary>Every name: cpu, webgpu, cuda, tensorrt.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Rows.Select(row => row.Name)];

    /// <summary>The name of a provider.</summary>
    /// <param name="provider">The provider.</param>
    /// <returns>Its name, lower case.</returns>
    public static string ToName(this ExecutionProvider provider) => Rows[(int)provider].Name;

    /// <summary>Reads a provider's name.</summary>
    /// <param name="name">One of <see cref="All"/>, in any case; anything else, null too, is no name.</param>
    /// <param name="provider">The provider; <see cref="ExecutionProvider.Cpu"/> when the answer is false.</param>
    /// <returns>Whether it is a provider's name.</returns>
    public static bool TryParse(string? name, out ExecutionProvider provider)
    {
        int index = Array.FindIndex(Rows, row => string.Equals(row.Name, name, StringComparison.OrdinalIgnoreCase));
        provider = index < 0 ? default : Rows[index].Provider;
        return index >= 0;
    }

    /// <summary>The providers among those that ONNX Runtime lists, in our order.</summary>
    internal static IReadOnlyList<ExecutionProvider> FromRuntime(IEnumerable<string> runtimeNames) =>
        [.. Rows.Where(row => runtimeNames.Contains(row.RuntimeName, StringComparer.Ordinal)).Select(row => row.Provider)];
}
