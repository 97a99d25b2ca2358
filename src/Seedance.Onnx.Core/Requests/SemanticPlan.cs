using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>How a video's semantic tokens come to be: sampled of the words, those of all windows at once, or taken from another video. Immutable.</summary>
public sealed record SemanticPlan
{
    private SemanticPlan()
    {
    }

    /// <summary>The shape of the whole video's tokens, [C, f, h, w]: f token frames, one for each latent frame.</summary>
    public required LatentShape Tokens { get; init; }

    /// <summary>The video whose semantics they are, from its first frame on; null where they are sampled.</summary>
    public required VideoSource? Source { get; init; }

    /// <summary>The solver's kind.</summary>
    public required SolverKind SolverKind { get; init; }

    /// <summary>The noise levels.</summary>
    public required FlowSchedule Schedule { get; init; }

    /// <summary>The evaluations with guidance folded in.</summary>
    public required SolverPlan Solver { get; init; }

    /// <summary>The guidance scale; 1 when only the words are run.</summary>
    public required double Guidance { get; init; }

    /// <summary>The flow shift.</summary>
    public required double Shift { get; init; }

    /// <summary>The share of noise that they get before they are followed, 0 to 1.</summary>
    public required double Noise { get; init; }

    /// <summary>The rows of the semantic transformer's batch: what guidance leads away from, if there is any, and the captions.</summary>
    public required ImmutableArray<PlannedBranch> Branches { get; init; }

    /// <summary>Plans a video's semantics as its pack has them.</summary>
    internal static SemanticPlan? Of(VideoRequest request, PackContract contract, SchedulerContract scheduler, RequestReading reading, GuidancePlan guidance)
    {
        if (!contract.FollowsSemantics || contract.Semantics is not { } semantics)
        {
            return null;
        }

        SamplingSettings sampling = semantics.Sampling;
        bool guided = sampling.Guidance != 1;
        double shift = sampling.Shift ?? scheduler.Shift;
        FlowSchedule schedule = (scheduler with { Spacing = semantics.Spacing ?? scheduler.Spacing }).CreateSchedule(sampling.Steps, shift);
        SolverPlan solver = Solvers.Create(sampling.Solver, schedule, scheduler.SolverOrder);
        return new SemanticPlan
        {
            Tokens = semantics.Tokens.LatentsOf(reading.Size, reading.Frames),
            Source = request.SemanticsOf,
            SolverKind = sampling.Solver,
            Schedule = schedule,
            Solver = guided ? solver.WithGuidance(sampling.Guidance) : solver,
            Guidance = sampling.Guidance,
            Shift = shift,
            Noise = semantics.Noise,
            Branches = [.. guided ? [new PlannedBranch([guidance.Negative], SeesImages: true)] : Array.Empty<PlannedBranch>(), guidance.Branches[^1]],
        };
    }
}
