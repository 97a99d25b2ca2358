using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>How a model is optimised.</summary>
public sealed record OptimizationOptions
{
    /// <summary>What it is to run on. If not specified, the processor.</summary>
    public GraphTarget Target { get; init; } = GraphTarget.Cpu;

    /// <summary>Which fused operators may be used; those of <see cref="Target"/> when null.</summary>
    public TargetProfile? Profile { get; init; }

    /// <summary>Lengths of free axes that are fixed for good, by the names that the model's inputs give them. None if not specified.</summary>
    public ImmutableDictionary<string, long> Axes { get; init; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>Passes that do not run, by the names of <see cref="GraphOptimizer.PassNames"/>. None if not specified.</summary>
    public ImmutableHashSet<string> Without { get; init; } = [];
}
