using System.Collections.Immutable;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>The branches that a request's guidance needs, and how much each counts.</summary>
internal sealed record GuidancePlan(
    double Text, double SecondText, double? Images, NoiseInterval Interval, double Rescale, string Negative, ImmutableArray<PlannedBranch> Branches)
{
    public static GuidancePlan Of(VideoRequest request, ImmutableArray<PlannedShot> shots, PackContract contract)
    {
        double text = request.Guidance ?? contract.Sampling.Guidance;
        // Who asks for a guidance gets it from both transformers, where there are two.
        double second = request.Guidance ?? contract.Sampling.SecondGuidance ?? text;
        bool guided = text != 1 || (contract.Sampling.BoundaryRatio is not null && second != 1);
        string negative = request.NegativePrompt ?? contract.Sampling.NegativePrompt;
        // Images weigh as much as the words do where nobody says otherwise: no branch is without them.
        double? images = request.Images.Any() || request.InputVideo is not null ? request.ImageGuidance : null;
        PlannedBranch told = new([.. shots.Select(shot => shot.Caption)], SeesImages: true), away = new([negative], SeesImages: true);
        ImmutableArray<PlannedBranch> branches = images is not null ? [away with { SeesImages = false }, away, told] : guided ? [away, told] : [told];
        return new GuidancePlan(text, second, images, request.GuidanceInterval ?? NoiseInterval.All, request.GuidanceRescale ?? 0, negative, branches);
    }

    /// <summary>Folds the guidance into a solver's plan.</summary>
    /// <param name="solver">The plan of one branch.</param>
    /// <param name="isSecond">Whether the pack's second transformer does a step.</param>
    public SolverPlan Fold(SolverPlan solver, Func<SolverStep, bool> isSecond) => Branches.Length == 1 ? solver : solver.WithGuidance(Branches.Length, Rescale, (step, weights) =>
    {
        double text = isSecond(step) ? SecondText : Text;
        if (!Interval.Contains(step.Sigma))
        {
            weights[^1] = 1;
        }
        else if (Images is { } images)
        {
            weights[0] = 1 - images;
            weights[1] = images - text;
            weights[2] = text;
        }
        else
        {
            weights[0] = 1 - text;
            weights[1] = text;
        }
    });
}
