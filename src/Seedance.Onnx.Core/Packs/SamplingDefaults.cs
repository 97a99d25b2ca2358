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

    /// <summary>
    /// Where the pack has two experts: the share of the training timesteps from which on <see cref="GraphRoles.Transformer"/> is run, and below which
    /// <see cref="GraphRoles.SecondTransformer"/>; above 0 and up to 1. Null for a pack with one transformer.
    /// </summary>
    public double? BoundaryRatio { get; init; }

    /// <summary>The guidance scale of the second transformer, 0 to 100; <see cref="Guidance"/> if the pack does not say.</summary>
    public double? SecondGuidance { get; init; }

    /// <summary>How the pack's <see cref="GraphRoles.DistilledTransformer"/> is sampled; null for a pack without one.</summary>
    public SamplingSettings? Distilled { get; init; }

    /// <summary>The role of the graph that gives the velocity, or that of the first expert: <see cref="GraphRoles.Transformer"/> unless <see cref="PackContract.Sampled"/> says otherwise.</summary>
    public string Transformer { get; init; } = GraphRoles.Transformer;

    /// <summary>What guidance leads away from; empty if the pack does not say.</summary>
    public required string NegativePrompt { get; init; }

    /// <summary>The noise levels of what is run: the pack's, or those that its distilled transformer was trained for.</summary>
    /// <param name="scheduler">The pack's scheduler.</param>
    /// <returns>The scheduler; with trailing levels for the distilled transformer, whose few steps cannot be spent on the last thousandth.</returns>
    public SchedulerContract LevelsOf(SchedulerContract scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        return Transformer == GraphRoles.DistilledTransformer ? scheduler with { Spacing = ScheduleSpacing.Trailing, Shift = Distilled?.Shift ?? scheduler.Shift } : scheduler;
    }

    /// <summary>Which graph gives the velocity at a timestep.</summary>
    /// <param name="timestep">The timestep, from 0 to <paramref name="trainTimesteps"/>.</param>
    /// <param name="trainTimesteps">T: timesteps of training.</param>
    /// <returns>A role.</returns>
    public string TransformerAt(double timestep, int trainTimesteps) =>
        BoundaryRatio is { } ratio && timestep < ratio * trainTimesteps ? GraphRoles.SecondTransformer : Transformer;
}
