using System.Collections.Immutable;

namespace Seedance.Onnx.Execution;

/// <summary>
/// What graphs should run on: providers in order of preference, a device, a precision, threads, each provider's options, and what differs for single
/// graphs. Immutable. The same from code, from JSON (a pack's or a host's "execution") and from the command line.
/// </summary>
/// <remarks>
/// What is null is not specified: a target lies <see cref="Over"/> another, which fills it in, and what nobody specifies has the default that is stated
/// here. A pipeline asks first the code or command line, then the host file, then the pack.
/// </remarks>
public sealed record ExecutionTarget
{
    /// <summary>The most threads that can be asked for.</summary>
    public const int MaxThreads = 1024;

    private const string AutoName = "auto";

    /// <summary>Nothing specified: whoever is asked next decides, in the end the processor.</summary>
    public static ExecutionTarget Unspecified { get; } = new();

    /// <summary>The processor with ONNX Runtime's own kernels.</summary>
    public static ExecutionTarget Cpu { get; } = new() { Providers = [ExecutionProvider.Cpu] };

    /// <summary>The first of TensorRT, CUDA, WebGPU and the CPU that can be had.</summary>
    public static ExecutionTarget Auto { get; } = new()
    {
        Providers = [ExecutionProvider.TensorRt, ExecutionProvider.Cuda, ExecutionProvider.WebGpu, ExecutionProvider.Cpu],
    };

    /// <summary>What <see cref="TryParse"/> reads: auto, then every provider's name.</summary>
    public static IReadOnlyList<string> Names { get; } = [AutoName, .. ExecutionProviderNames.All];

    /// <summary>
    /// The providers to try, the preferred one first; the first that can be had gets the graph's nodes, and the CPU gets those that it has no
    /// kernel for. One that cannot be had is skipped, and the last one must be had. If nobody specifies them, only the CPU.
    /// </summary>
    public IReadOnlyList<ExecutionProvider>? Providers { get; init; }

    /// <summary>Which NVIDIA card CUDA and TensorRT use, counted from 0. If nobody specifies it, 0; the CPU and WebGPU have no other.</summary>
    public int? DeviceId { get; init; }

    /// <summary>What TensorRT computes with; the other providers compute as the graph's file says. If nobody specifies it, <see cref="ComputePrecision.Fp32"/>.</summary>
    public ComputePrecision? Precision { get; init; }

    /// <summary>
    /// Threads that one run uses on the processor, the calling one among them, 1 to <see cref="MaxThreads"/>. If nobody specifies it, one a processor
    /// that this process may use. The first that is used in a process makes the pool that all graphs with the same number share.
    /// </summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Nodes of a graph that may run at once on the processor, 1 to <see cref="MaxThreads"/>. If nobody specifies it, 1: nodes run one after the other,
    /// each on all threads, which is faster for graphs without parallel branches.
    /// </summary>
    public int? InterOpThreads { get; init; }

    /// <summary>How CUDA works, also where it gets what TensorRT leaves; taken whole from the uppermost target that has it.</summary>
    public CudaOptions? Cuda { get; init; }

    /// <summary>How TensorRT works; taken whole from the uppermost target that has it.</summary>
    public TensorRtOptions? TensorRt { get; init; }

    /// <summary>What differs for single graphs, by role; a graph's target must not have graphs itself.</summary>
    public ImmutableSortedDictionary<string, ExecutionTarget> Graphs { get; init; } = ImmutableSortedDictionary<string, ExecutionTarget>.Empty;

    /// <summary>The providers to try: <see cref="Providers"/>, or the CPU.</summary>
    public IReadOnlyList<ExecutionProvider> Chain => Providers ?? Cpu.Providers!;

    /// <summary>Reads a target's name.</summary>
    /// <param name="name">"auto" for <see cref="Auto"/>, or a provider's name for that provider and no other; in any case. Null is no name.</param>
    /// <param name="target">The target; <see cref="Unspecified"/> when the answer is false.</param>
    /// <returns>Whether it is a target's name.</returns>
    public static bool TryParse(string? name, out ExecutionTarget target)
    {
        bool auto = string.Equals(name, AutoName, StringComparison.OrdinalIgnoreCase), known = ExecutionProviderNames.TryParse(name, out ExecutionProvider provider);
        target = auto ? Auto : known ? new ExecutionTarget { Providers = [provider] } : Unspecified;
        return auto || known;
    }

    /// <summary>
    /// Lays this target over another: what is not specified here comes from there, for each graph. So what this one says of all graphs counts more than
    /// what the other says of one. A device or a precision from below is left out where the providers named here do not have it.
    /// </summary>
    /// <param name="lower">The target that is asked next.</param>
    /// <returns>Both in one.</returns>
    public ExecutionTarget Over(ExecutionTarget lower)
    {
        ArgumentNullException.ThrowIfNull(lower);
        IEnumerable<string> roles = Graphs.Keys.Union(lower.Graphs.Keys, StringComparer.Ordinal);
        return Fill(lower) with
        {
            Graphs = roles.ToImmutableSortedDictionary(role => role, role => ForGraph(role).Fill(lower.ForGraph(role)), StringComparer.Ordinal),
        };
    }

    /// <summary>What one graph should run on.</summary>
    /// <param name="role">The graph's role; one that <see cref="Graphs"/> does not have runs on what all others do.</param>
    /// <returns>The target, without <see cref="Graphs"/>.</returns>
    public ExecutionTarget ForGraph(string role) =>
        (Graphs.TryGetValue(role, out ExecutionTarget? own) ? own.Fill(this) : this) with { Graphs = ImmutableSortedDictionary<string, ExecutionTarget>.Empty };

    /// <summary>Everything that is out of range or contradicts itself.</summary>
    /// <returns>One sentence or two for each; none if the target is sound. Whether it can be had here is another matter, and what is not specified contradicts nothing.</returns>
    public IReadOnlyList<string> FindProblems() => ExecutionTargetChecks.FindProblems(this);

    private ExecutionTarget Fill(ExecutionTarget lower) => this with
    {
        Providers = Providers ?? lower.Providers,
        DeviceId = DeviceId ?? (Providers?.Any(provider => provider.IsNvidia()) != false ? lower.DeviceId : null),
        Precision = Precision ?? (Providers?.Contains(ExecutionProvider.TensorRt) != false ? lower.Precision : null),
        Threads = Threads ?? lower.Threads,
        InterOpThreads = InterOpThreads ?? lower.InterOpThreads,
        Cuda = Cuda ?? lower.Cuda,
        TensorRt = TensorRt ?? lower.TensorRt,
    };
}
