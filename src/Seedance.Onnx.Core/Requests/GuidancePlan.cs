using System.Collections.Immutable;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>The branches that a request's guidance needs, and how much each counts.</summary>
internal sealed record GuidancePlan(
    double Text, double? Images, NoiseInterval Interval, double Rescale, string Negative, ImmutableArray<PlannedBranch> Branches)
{
    public static GuidancePlan Of(VideoRequest request, ImmutableArray<PlannedShot> shots, PackContract contract)
    {
        double text = request.Guidance ?? contract.Sampling.Guidance;
        string negative = request.NegativePrompt ?? contract.Sampling.NegativePrompt;
        // Images weigh as much as the words do where nobody says otherwise: no branch is without them.
        double? images = request.Images.Any() ? request.ImageGuidance : null;
        PlannedBranch told = new([.. shots.Select(shot => shot.Caption)], SeesImages: true), away = new([negative], SeesImages: true);
        ImmutableArray<PlannedBranch> branches = images is not null ? [away with { SeesImages = false }, away, told] : text == 1 ? [told] : [away, told];
        return new GuidancePlan(text, images, request.GuidanceInterval ?? NoiseInterval.All, request.GuidanceRescale ?? 0, negative, branches);
    }

    /// <summary>Folds the guidance into a solver's plan.</summary>
    public SolverPlan Fold(SolverPlan solver) => Branches.Length == 1 ? solver : solver.WithGuidance(Branches.Length, Rescale, (step, weights) =>
    {
        if (!Interval.Contains(step.Sigma))
        {
            weights[^1] = 1;
        }
        else if (Images is { } images)
        {
            weights[0] = 1 - images;
            weights[1] = images - Text;
            weights[2] = Text;
        }
        else
        {
            weights[0] = 1 - Text;
            weights[1] = Text;
        }
    });
}
