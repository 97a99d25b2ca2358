using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Packs;

/// <summary>How a pack is sampled when a request does not say.</summary>
public sealed record SamplingDefaults
{
    /// <summary>The solver.</summary>
    public required SolverKind Solver { get; init; }

    /// <summary>Steps of the schedule, 1 to 1000.</summary>
    public required int Steps { get; init; }

    /// <summary>The guidance scale, 0 to 100; 1 means no guidance, and the transformer then runs on the prompt alone.</summary>
    public required double Guidance { get; init; }

    /// <summary>What guidance leads away from; empty if the pack does not say.</summary>
    public required string NegativePrompt { get; init; }
}
