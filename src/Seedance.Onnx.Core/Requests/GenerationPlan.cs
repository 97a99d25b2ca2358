using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>What will be done for a request with a pack, nothing left open: sizes, noise levels, solver, guidance, texts. Immutable.</summary>
public sealed record GenerationPlan
{
    private GenerationPlan()
    {
    }

    /// <summary>The frame's size in pixels.</summary>
    public required VideoSize Size { get; init; }

    /// <summary>F: frames of the clip.</summary>
    public required int Frames { get; init; }

    /// <summary>Frames a second.</summary>
    public required int Fps { get; init; }

    /// <summary>The shape of the latents, [C, f, h, w].</summary>
    public required LatentShape Latents { get; init; }

    /// <summary>The seed of the noise.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The solver's kind.</summary>
    public required SolverKind SolverKind { get; init; }

    /// <summary>The noise levels.</summary>
    public required FlowSchedule Schedule { get; init; }

    /// <summary>The evaluations with guidance folded in: as many branches as there are <see cref="Prompts"/>.</summary>
    public required SolverPlan Solver { get; init; }

    /// <summary>The role of the graph that gives the velocity, for each evaluation of <see cref="Solver"/>.</summary>
    public required ImmutableArray<string> Transformers { get; init; }

    /// <summary>The guidance scale; 1 when only the prompt is run. A pack's second transformer may have another.</summary>
    public required double Guidance { get; init; }

    /// <summary>The flow shift.</summary>
    public required double Shift { get; init; }

    /// <summary>The text of each branch, in the order of the transformer's batch: negative prompt and prompt, or the prompt alone without guidance.</summary>
    public required ImmutableArray<string> Prompts { get; init; }

    /// <summary>The clip's length in time.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Frames / Fps);

    /// <summary>Resolves a request with a pack.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="pack">What makes it.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="InvalidRequestException">The pack cannot carry the request out; every problem is listed.</exception>
    public static GenerationPlan Create(VideoRequest request, ModelPack pack)
    {
        ArgumentNullException.ThrowIfNull(pack);
        return Create(request, pack.Contract, pack.Scheduler);
    }

    /// <summary>Resolves a request with a pack's contracts.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="contract">The pack's contract.</param>
    /// <param name="scheduler">The pack's noise levels.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="InvalidRequestException">The pack cannot carry the request out; every problem is listed.</exception>
    public static GenerationPlan Create(VideoRequest request, PackContract contract, SchedulerContract scheduler)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(scheduler);
        IReadOnlyList<string> problems = request.FindProblems(contract);
        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }

        VideoSize size = ChooseSize(request, contract.Video);
        int frames = ChooseFrames(request, contract);
        SolverKind kind = request.Solver ?? contract.Sampling.Solver;
        double guidance = request.Guidance ?? contract.Sampling.Guidance;
        FlowSchedule schedule = scheduler.CreateSchedule(request.Steps ?? contract.Sampling.Steps, request.Shift);
        SolverPlan solver = Solvers.Create(kind, schedule, scheduler.SolverOrder);
        LatentShape latents = contract.Latents.LatentsOf(size, frames);
        if (latents.Length > Array.MaxLength / solver.Keep)
        {
            throw new InvalidRequestException([$"Latents must have at most {Array.MaxLength / solver.Keep} values, but {frames} frames of {size} have {latents.Length}. Ask for fewer or smaller frames."]);
        }

        SamplingDefaults sampling = contract.Sampling;
        double second = request.Guidance ?? sampling.SecondGuidance ?? guidance;
        string RoleOf(SolverStep step) => sampling.TransformerAt(step.Timestep, scheduler.TrainTimesteps);
        ImmutableArray<string> transformers = [.. solver.Steps.Select(RoleOf)];
        bool guided = guidance != 1 || (sampling.BoundaryRatio is not null && second != 1);
        return new GenerationPlan
        {
            Size = size,
            Frames = frames,
            Fps = contract.Video.Fps,
            Latents = latents,
            Seed = request.Seed,
            SolverKind = kind,
            Schedule = schedule,
            Solver = guided ? Guide(solver, step => RoleOf(step) == GraphRoles.SecondTransformer ? second : guidance) : solver,
            Transformers = transformers,
            Guidance = guidance,
            Shift = request.Shift ?? scheduler.Shift,
            Prompts = guided ? [request.NegativePrompt ?? contract.Sampling.NegativePrompt, request.Prompt] : [request.Prompt],
        };
    }

    private static SolverPlan Guide(SolverPlan solver, Func<SolverStep, double> scaleOf) => solver.WithGuidance(2, (step, weights) =>
    {
        weights[1] = scaleOf(step);
        weights[0] = 1 - weights[1];
    });

    private static VideoSize ChooseSize(VideoRequest request, VideoContract video) => request switch
    {
        { Width: { } width, Height: { } height } => new VideoSize(width, height),
        { Ratio: { } ratio } => ratio.Nearest(video.Sizes),
        _ => video.Sizes[0],
    };

    private static int ChooseFrames(VideoRequest request, PackContract contract) =>
        request.Frames
        ?? (request.Duration is { } duration
            ? contract.Latents.NearestFrames(duration.TotalSeconds * contract.Video.Fps, contract.Video.MaxFrames)
            : contract.Video.DefaultFrames);
}
