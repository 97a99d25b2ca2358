using System.Collections.Immutable;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>A way from noise to latents. Immutable.</summary>
/// <param name="Schedule">The noise levels.</param>
/// <param name="Solver">The evaluations, with guidance folded in.</param>
/// <param name="Transformers">The role of the graph that gives the velocity, for each evaluation.</param>
public sealed record PlannedSteps(FlowSchedule Schedule, SolverPlan Solver, ImmutableArray<string> Transformers)
{
    /// <summary>Folds guidance into a solver's plan.</summary>
    /// <param name="solver">The plan of one branch.</param>
    /// <param name="schedule">Its noise levels.</param>
    /// <param name="guidance">The guidance.</param>
    /// <param name="roleOf">The graph that does a step.</param>
    /// <param name="keepsVelocity">Whether the velocity is kept, so that steps can reuse it.</param>
    internal static PlannedSteps Of(SolverPlan solver, FlowSchedule schedule, GuidancePlan guidance, Func<SolverStep, string> roleOf, bool keepsVelocity)
    {
        SolverPlan guided = guidance.Fold(solver, step => roleOf(step) == GraphRoles.SecondTransformer);
        guided = keepsVelocity ? guided.KeepingVelocity() : guided;
        return new PlannedSteps(schedule, guided, [.. guided.Steps.Select(roleOf)]);
    }
}
