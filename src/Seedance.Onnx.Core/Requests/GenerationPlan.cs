using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>What will be done for a request with a pack, nothing left open: sizes, noise levels, solver, guidance, texts. Immutable.</summary>
public sealed record GenerationPlan
{
    // Streams of noise beside those of the windows, from 0.
    private const int TokenStream = -1;
    private const int TokenNoiseStream = -2;

    private GenerationPlan()
    {
    }

    /// <summary>The frame's size in pixels, as the transformer makes it.</summary>
    public required VideoSize Size { get; init; }

    /// <summary>How many times larger the pack's upscaler makes both sides of it; 1 where it is not run.</summary>
    public required int Upscale { get; init; }

    /// <summary>The size of the video's frames in pixels.</summary>
    public VideoSize OutputSize => new(Size.Width * Upscale, Size.Height * Upscale);

    /// <summary>F: frames of the clip. The first one is given where it goes on from an input video.</summary>
    public required int Frames { get; init; }

    /// <summary>The clips that it is made as, one after another; a single one that is the whole clip, unless that is longer than the transformer makes at once.</summary>
    public required ImmutableArray<PlannedWindow> Windows { get; init; }

    /// <summary>Frames a second.</summary>
    public required int Fps { get; init; }

    /// <summary>The shape of the latents, [C, f, h, w]; of the longest of several windows.</summary>
    public required LatentShape Latents { get; init; }

    /// <summary>The seed of the noise.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The solver's kind.</summary>
    public required SolverKind SolverKind { get; init; }

    /// <summary>The noise levels.</summary>
    public required FlowSchedule Schedule { get; init; }

    /// <summary>Ways with fewer steps, of which one may be taken instead, window by window; null where all steps are done in any case. Its last way is that of <see cref="Schedule"/>, <see cref="Solver"/> and <see cref="Transformers"/>.</summary>
    public required AdaptivePlan? Adaptive { get; init; }

    /// <summary>The order of a multistep solver.</summary>
    public required int SolverOrder { get; init; }

    /// <summary>The evaluations with guidance folded in: as many branches as there are <see cref="Branches"/>.</summary>
    public required SolverPlan Solver { get; init; }

    /// <summary>The role of the graph that gives the velocity, for each evaluation of <see cref="Solver"/>.</summary>
    public required ImmutableArray<string> Transformers { get; init; }

    /// <summary>The guidance scale; 1 when only the prompt is run.</summary>
    public required double Guidance { get; init; }

    /// <summary>The guidance scale of a pack's second transformer; <see cref="Guidance"/> where there is none or it has no other.</summary>
    public required double SecondGuidance { get; init; }

    /// <summary>The flow shift.</summary>
    public required double Shift { get; init; }

    /// <summary>What the noise that each window begins with is multiplied by; 1 is what the transformer was trained on.</summary>
    public required double NoiseScale { get; init; }

    /// <summary>The guidance scale of images; null where all branches see them, or there are none.</summary>
    public required double? ImageGuidance { get; init; }

    /// <summary>The noise levels at which guidance counts.</summary>
    public required NoiseInterval GuidanceInterval { get; init; }

    /// <summary>How far guided velocities are brought back to the deviation of unguided ones, 0 to 1.</summary>
    public required double GuidanceRescale { get; init; }

    /// <summary>Whether the video is made roughly and sooner: see <see cref="VideoRequest.Draft"/>.</summary>
    public required bool Draft { get; init; }

    /// <summary>The role of the graph that decodes the latents.</summary>
    public required string Decoder { get; init; }

    /// <summary>The share of itself by which the velocity may turn before the transformer is run again; null where it is run for every evaluation. <see cref="Solver"/> then keeps the velocity, as its last tensor.</summary>
    public required double? StepCache { get; init; }

    /// <summary>The semantic tokens that the whole video is made after; null where the transformer follows none.</summary>
    public required SemanticPlan? Semantics { get; init; }

    /// <summary>The shots in order, at least one; together they are the whole video.</summary>
    public required ImmutableArray<PlannedShot> Shots { get; init; }

    /// <summary>The images that the transformer is given; none for a video from words alone.</summary>
    public required ImmutableArray<PlannedCondition> Conditions { get; init; }

    /// <summary>The rows of the transformer's batch: what guidance leads away from first, the captions last.</summary>
    public required ImmutableArray<PlannedBranch> Branches { get; init; }

    /// <summary>What guidance leads away from; not used where <see cref="Guidance"/> is 1.</summary>
    public required string NegativePrompt { get; init; }

    /// <summary>What is done otherwise than the request says, and why; a sentence each.</summary>
    public required ImmutableArray<string> Notices { get; init; }

    /// <summary>What was asked for.</summary>
    public required VideoRequest Request { get; init; }

    /// <summary>The ways from noise to latents: one, or those of <see cref="Adaptive"/>.</summary>
    public ImmutableArray<PlannedSteps> Ways => Adaptive?.Ways ?? [new PlannedSteps(Schedule, Solver, Transformers)];

    /// <summary>The text of each branch, in the order of the transformer's batch; the captions of a video of several shots as one text.</summary>
    public IReadOnlyList<string> Prompts => [.. Branches.Select(branch => branch.Text)];

    /// <summary>The clip's length in time.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Frames / Fps);

    /// <summary>Frames of the input video that come first, at the pack's frame rate; 0 where there is none, or only new frames are wanted. Where nobody has looked at the file, 0 too.</summary>
    public int InputFrames => Request is { InputVideo.Duration: { } length, OnlyNew: false } ? Math.Max((int)Math.Round(length.TotalSeconds * Fps), 1) : 0;

    /// <summary>Frames of the whole video, as far as can be told before the input video is read.</summary>
    public int OutputFrames => InputFrames + Windows.Sum(window => window.NewFrames);

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
        RequestReading reading = RequestReading.Of(request, contract);
        if (reading.Problems.Count > 0)
        {
            throw new InvalidRequestException(reading.Problems);
        }

        VideoRequest read = reading.Request;
        contract = contract.Sampled(read.Undistilled);
        SchedulerContract levels = scheduler;
        scheduler = contract.Sampling.LevelsOf(scheduler);
        VideoSize size = reading.Size;
        int frames = reading.Windows.Max(window => window.Frames), order = read.SolverOrder ?? scheduler.SolverOrder;
        LatentShape latents = contract.Latents.LatentsOf(size, frames);
        double shift = ChooseShift(read, latents, contract, scheduler);
        SolverKind kind = read.Solver ?? contract.Sampling.Solver;
        GuidancePlan guidance = GuidancePlan.Of(read, reading.PlannedShots, contract);
        double? stepCache = read.StepCache ?? (read.Draft && kind != SolverKind.Lcm ? VideoRequest.DraftStepCache : null);
        PlannedSteps steps = Lay(scheduler.CreateSchedule(read.Steps ?? contract.Sampling.Steps, shift));
        AdaptivePlan? adaptive = read.AdaptiveSteps is { } share ? AdaptivePlan.Of(share, steps, reading.Windows.Max(window => window.Shots), Lay) : null;
        RequireSpans(reading, frames, latents, steps.Solver.Keep, contract);
        return new GenerationPlan
        {
            Request = request,
            Size = size,
            Upscale = read.Draft ? 1 : reading.Upscale,
            Frames = reading.Frames,
            Windows = reading.Windows,
            Fps = contract.Video.Fps,
            Latents = latents,
            Seed = read.Seed ?? 0,
            SolverKind = kind,
            SolverOrder = order,
            Schedule = steps.Schedule,
            Solver = steps.Solver,
            Transformers = steps.Transformers,
            Adaptive = adaptive,
            Guidance = guidance.Text,
            SecondGuidance = guidance.SecondText,
            ImageGuidance = guidance.Images,
            GuidanceInterval = guidance.Interval,
            GuidanceRescale = guidance.Rescale,
            Draft = read.Draft,
            Decoder = read.Draft && contract.FindGraph(GraphRoles.ThinVaeDecoder) is not null ? GraphRoles.ThinVaeDecoder : GraphRoles.VaeDecoder,
            StepCache = stepCache,
            Semantics = SemanticPlan.Of(read, contract, levels, reading, guidance),
            Shift = shift,
            NoiseScale = read.NoiseScale ?? 1,
            Shots = reading.PlannedShots,
            Conditions = reading.Conditions,
            Branches = guidance.Branches,
            NegativePrompt = guidance.Negative,
            Notices = [.. reading.Notices, .. read.AdaptiveSteps is not null && adaptive is null ? [$"All {steps.Schedule.Steps} steps are done: they are too few to leave some out by what the first ones show."] : Array.Empty<string>()],
        };

        PlannedSteps Lay(FlowSchedule schedule) => PlannedSteps.Of(Solvers.Create(kind, schedule, order), schedule, guidance, RoleOf, keepsVelocity: stepCache is not null);
        string RoleOf(SolverStep step) => contract.Sampling.TransformerAt(step.Timestep, scheduler.TrainTimesteps);
    }

    /// <summary>The shot of every latent frame in a branch, [f]: what the transformer is given as frame_shot_ids. Zeros where the branch has one text.</summary>
    /// <param name="branch">The branch, from 0.</param>
    /// <param name="destination">[f] int64.</param>
    public void CopyFrameShots(int branch, Span<long> destination)
    {
        destination.Clear();
        if (Branches[branch].Captions.Length == Shots.Length)
        {
            foreach ((int index, PlannedShot shot) in Shots.Index())
            {
                destination.Slice(shot.FirstLatentFrame, shot.LatentFrames).Fill(index);
            }
        }
    }

    /// <summary>The plan of one window as a clip of its own, which begins with the frame that it goes on from.</summary>
    /// <param name="index">Which of <see cref="Windows"/>.</param>
    /// <returns>The plan, with one window.</returns>
    public GenerationPlan ClipOf(int index)
    {
        PlannedWindow window = Windows[index];
        ImmutableArray<PlannedShot> shots = [.. Shots.Skip(window.FirstShot).Take(window.Shots).Select(shot => shot.Inside(window))];
        return this with
        {
            Frames = window.Frames,
            Windows = [new PlannedWindow(0, window.Frames, 0, window.LatentFrames, GivenFrames: 0, FirstShot: 0, window.Shots)],
            Latents = LatentsOf(window),
            Seed = SeedOf(index),
            Shots = shots,
            Conditions = [.. ContinuationsOf(window), .. ConditionsOf(window).Select(condition => condition with
            {
                Frame = condition.Frame - window.FirstFrame,
                LatentFrame = condition.LatentFrame - window.FirstLatentFrame,
            })],
            // The captions stand in the last row; what guidance leads away from is said of no shot in particular.
            Branches = [.. Branches.SkipLast(1), Branches[^1] with { Captions = [.. shots.Select(shot => shot.Caption)] }],
        };
    }

    /// <summary>The plan of the semantic tokens of all windows, as a clip of its own whose latents they are.</summary>
    /// <returns>The plan, with one window.</returns>
    /// <exception cref="InvalidOperationException">The video has none.</exception>
    public GenerationPlan SemanticClip()
    {
        SemanticPlan semantics = Semantics ?? throw new InvalidOperationException("The plan must have semantics, but has none.");
        return this with
        {
            Windows = [new PlannedWindow(0, Frames, 0, semantics.Tokens.Frames, GivenFrames: 0, FirstShot: 0, Shots.Length)],
            Latents = semantics.Tokens,
            Seed = SeedOf(TokenStream),
            SolverKind = semantics.SolverKind,
            Schedule = semantics.Schedule,
            Solver = semantics.Solver,
            NoiseScale = 1,
            Transformers = [.. semantics.Solver.Steps.Select(_ => GraphRoles.SemanticTransformer)],
            Adaptive = null,
            StepCache = null,
            Conditions = [.. ContinuationsOf(Windows[0]), .. Conditions],
            Branches = semantics.Branches,
        };
    }

    /// <summary>The seed of the noise that made tokens get before they are followed.</summary>
    public ulong SemanticNoiseSeed => SeedOf(TokenNoiseStream);

    /// <summary>The shape of a window's latents.</summary>
    /// <param name="window">One of <see cref="Windows"/>.</param>
    /// <returns>[C, f, h, w].</returns>
    public LatentShape LatentsOf(PlannedWindow window) => Latents with { Frames = window.LatentFrames };

    /// <summary>The images among the frames that a window adds.</summary>
    /// <param name="window">One of <see cref="Windows"/>.</param>
    /// <returns>Some of <see cref="Conditions"/>, in their order.</returns>
    public IEnumerable<PlannedCondition> ConditionsOf(PlannedWindow window) => Conditions.Where(condition => window.Adds(condition.Frame));

    /// <summary>The frame that a window goes on from, if it does.</summary>
    private static IEnumerable<PlannedCondition> ContinuationsOf(PlannedWindow window) =>
        window.GivenFrames > 0 ? [new PlannedCondition(ConditionKind.Continuation, Image: null, Frame: 0, LatentFrame: 0)] : [];

    /// <summary>The window that adds a frame of the video.</summary>
    /// <param name="outputFrame">The frame as it comes out, from 0; those of the input video count.</param>
    /// <returns>Which of <see cref="Windows"/>; the first for a frame of the input video.</returns>
    public int WindowOf(int outputFrame)
    {
        int frame = outputFrame - InputFrames + Windows[0].GivenFrames;
        return Math.Max(Windows.TakeWhile(window => window.FirstFrame + window.GivenFrames <= frame).Count() - 1, 0);
    }

    /// <summary>The seed of a stream of noise, which is a window's, or the semantic tokens': the video's for the first window, and numbers that have nothing in common with it or its neighbours behind it (SplitMix64: Steele et al., "Fast splittable pseudorandom number generators", 2014).</summary>
    private ulong SeedOf(int index)
    {
        if (index == 0)
        {
            return Seed;
        }

        ulong mixed = unchecked(Seed + ((ulong)(long)index * 0x9E3779B97F4A7C15));
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
        return (mixed ^ (mixed >> 31)) & uint.MaxValue;
    }

    /// <summary>What a solver keeps is one tensor, and is read as one span; so is a clip that is encoded whole.</summary>
    private static void RequireSpans(RequestReading reading, int frames, LatentShape latents, int keep, PackContract contract)
    {
        const int most = int.MaxValue / sizeof(float);
        long values = 3L * frames * reading.Size.Width * reading.Size.Height;
        List<string> problems = [];
        if (latents.Length > most / keep)
        {
            problems.Add($"Latents must have at most {most / keep} values, but {frames} frames of {reading.Size} have {latents.Length}. Ask for fewer or smaller frames.");
        }

        if (contract.FollowsSemantics && contract.Semantics!.Tokens.LatentsOf(reading.Size, reading.Frames).Length is var tokens && tokens > most / Solvers.MostKept(contract.Semantics.Sampling.Solver))
        {
            problems.Add($"Semantic tokens must have at most {most / Solvers.MostKept(contract.Semantics.Sampling.Solver)} values, because those of a whole video are made at once, but {reading.Frames} frames of {reading.Size} have {tokens}. Ask for fewer or smaller frames.");
        }

        if ((!reading.Conditions.IsEmpty || reading.Windows.Any(window => window.GivenFrames > 0)) && contract.TransformerChannels.Absent == AbsentFrames.Grey && values > most)
        {
            problems.Add($"A clip with images must have at most {most} values, because pack '{contract.Name}' encodes it whole, but {frames} frames of {reading.Size} have {values}. Ask for fewer or smaller frames.");
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
    }

    private static double ChooseShift(VideoRequest request, LatentShape latents, PackContract contract, SchedulerContract scheduler)
    {
        double shift = request.Shift ?? scheduler.Shift;
        LatentShape usual = contract.Latents.LatentsOf(contract.Video.Sizes[0], contract.Video.DefaultFrames);
        return request.ShiftBySize ? shift * Math.Sqrt((double)latents.Length / usual.Length) : shift;
    }
}
