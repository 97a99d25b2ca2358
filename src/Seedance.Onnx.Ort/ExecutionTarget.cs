namespace Seedance.Onnx.Ort;

/// <summary>What graphs should run on: providers in order of preference, a device, threads. <see cref="Resolve"/> finds out what can be had here.</summary>
public sealed record ExecutionTarget
{
    private const string AutoName = "auto";

    /// <summary>The processor with ONNX Runtime's own kernels.</summary>
    public static ExecutionTarget Cpu { get; } = new();

    /// <summary>The first of TensorRT, CUDA, WebGPU and the CPU that can be had.</summary>
    public static ExecutionTarget Auto { get; } = new()
    {
        Providers = [ExecutionProvider.TensorRt, ExecutionProvider.Cuda, ExecutionProvider.WebGpu, ExecutionProvider.Cpu],
    };

    /// <summary>What <see cref="TryParse"/> reads: auto, then every provider's name.</summary>
    public static IReadOnlyList<string> Names { get; } = [AutoName, .. ExecutionProviderNames.All];

    /// <summary>
    /// The providers to try, the preferred one first; the first that can be had gets the graph's nodes, and the CPU gets those that it has no
    /// kernel for. One that cannot be had is skipped, and the last one must be had. If not specified, only the CPU.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The list is empty.</exception>
    public IReadOnlyList<ExecutionProvider> Providers
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            ArgumentOutOfRangeException.ThrowIfZero(value.Count, nameof(value));
            field = value;
        }
    } = [ExecutionProvider.Cpu];

    /// <summary>Which NVIDIA card CUDA and TensorRT use, counted from 0; 0 if not specified. The CPU and WebGPU have only 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int DeviceId
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>Threads that one run uses, the calling one among them. If not specified, one a processor that this process may use.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int Threads
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = Environment.ProcessorCount;

    /// <summary>Reads a target's name.</summary>
    /// <param name="name">"auto" for <see cref="Auto"/>, or a provider's name for that provider and no other; in any case. Null is no name.</param>
    /// <param name="target">The target; <see cref="Cpu"/> when the answer is false.</param>
    /// <returns>Whether it is a target's name.</returns>
    public static bool TryParse(string? name, out ExecutionTarget target)
    {
        bool auto = string.Equals(name, AutoName, StringComparison.OrdinalIgnoreCase), known = ExecutionProviderNames.TryParse(name, out ExecutionProvider provider);
        target = auto ? Auto : known ? new ExecutionTarget { Providers = [provider] } : Cpu;
        return auto || known;
    }

    /// <summary>Tries the providers in order, each with a graph of one node, and takes the first that runs it.</summary>
    /// <returns>What graphs run on, and why not on what was preferred.</returns>
    /// <exception cref="ExecutionTargetException">None of the providers can be had; it says why for each.</exception>
    public ResolvedTarget Resolve() => ProviderProbe.Resolve(this, provider => ProviderProbe.FindObstacle(provider, this));
}
