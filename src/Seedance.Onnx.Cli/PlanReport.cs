using System.Globalization;
using System.Text;
using System.Text.Json;
using Seedance.Onnx.Costs;
using Seedance.Onnx.Memory;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Cli;

/// <summary>What generate --dry-run tells: everything that would be done; the names are the keys of its JSON.</summary>
internal sealed record PlanReport
{
    public required int Width { get; init; }

    public required int Height { get; init; }

    public required int Frames { get; init; }

    public required int Fps { get; init; }

    public required double Seconds { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>The graph that decodes.</summary>
    public required string Decoder { get; init; }

    /// <summary>How many times larger than the transformer makes them the frames are.</summary>
    public required int Upscale { get; init; }

    /// <summary>[C, f, h, w].</summary>
    public required IReadOnlyList<int> Latents { get; init; }

    public required IReadOnlyList<PlannedShot> Shots { get; init; }

    /// <summary>The clips that are made one after another.</summary>
    public required IReadOnlyList<WindowUse> Windows { get; init; }

    /// <summary>What the video goes on from; null where it begins by itself.</summary>
    public required VideoUse? Video { get; init; }

    public required IReadOnlyList<ImageUse> Images { get; init; }

    /// <summary>The transformer's batch.</summary>
    public required IReadOnlyList<PlannedBranch> Branches { get; init; }

    public required SolverUse Solver { get; init; }

    /// <summary>The semantic tokens that the video follows; null where it follows none.</summary>
    public required SemanticUse? Semantics { get; init; }

    public required MemoryUse Memory { get; init; }

    /// <summary>What this machine is expected to take; null where nothing is known of it yet.</summary>
    public required TimeUse? Time { get; init; }

    public required IReadOnlyList<string> Notices { get; init; }

    public static PlanReport Of(GenerationPlan plan, MemoryPlan memory, TimePlan? time) => new()
    {
        Width = plan.OutputSize.Width,
        Height = plan.OutputSize.Height,
        Frames = plan.Frames,
        Fps = plan.Fps,
        Seconds = plan.Duration.TotalSeconds,
        Seed = plan.Seed,
        Decoder = plan.Decoder,
        Upscale = plan.Upscale,
        Latents = [plan.Latents.Channels, plan.Latents.Frames, plan.Latents.Height, plan.Latents.Width],
        Shots = plan.Shots,
        Windows = [.. plan.Windows.Select((window, index) => new WindowUse(window.FirstFrame, window.Frames, window.GivenFrames, window.FirstShot, window.Shots, plan.ClipOf(index).Seed))],
        Video = plan.Request.InputVideo is { } video ? new VideoUse(video.Path, plan.InputFrames) : null,
        Images = [.. plan.Conditions.Select(condition => new ImageUse(JsonNamingPolicy.SnakeCaseLower.ConvertName(condition.Kind.ToString()), condition.Image!.Name, condition.Frame, condition.LatentFrame))],
        Branches = plan.Branches,
        Solver = SolverUse.Of(plan),
        Semantics = plan.Semantics is { } semantics ? SemanticUse.Of(plan, semantics) : null,
        Memory = new MemoryUse(memory.PeakBytes, memory.WeightBytes, memory.TextBytes, memory.ConditionBytes, memory.SemanticBytes, memory.DenoiseBytes, memory.PreviewBytes, memory.DecodeBytes, memory.UpscaleBytes),
        Time = time is null ? null : new TimeUse(time.Total.TotalSeconds, time.Text.TotalSeconds, time.Semantic.TotalSeconds, time.Denoise.TotalSeconds, time.Decode.TotalSeconds, time.Upscale.TotalSeconds),
        Notices = plan.Notices,
    };

    /// <summary>A few lines for people.</summary>
    public string ToText()
    {
        StringBuilder text = new();
        Line("video", $"{Width}x{Height}, {Frames} frames at {Fps} a second ({Seconds:0.0} s), seed {Seed}");
        if (Solver.Evaluations[0].Transformer == GraphRoles.DistilledTransformer)
        {
            Line("transformer", $"{GraphRoles.DistilledTransformer}; --undistilled runs the one that it was made from");
        }

        if (Decoder != GraphRoles.VaeDecoder)
        {
            Line("decoder", Decoder);
        }

        if (Upscale > 1)
        {
            Line("cascade", $"{Width / Upscale}x{Height / Upscale}, made {Upscale} times larger by graph '{GraphRoles.Upscaler}'");
        }

        Line("latents", $"[{string.Join(", ", Latents)}]");
        foreach ((int index, PlannedShot shot) in Shots.Index())
        {
            Line($"shot {index + 1}", $"frames {shot.FirstFrame} to {shot.FirstFrame + shot.Frames - 1} ({(double)shot.Frames / Fps:0.0} s): {shot.Caption}");
        }

        foreach ((string name, string value) in Parts())
        {
            Line(name, value);
        }

        foreach (ImageUse image in Images)
        {
            Line(image.Kind.Replace('_', ' '), $"{image.Name}, given as frame {image.Frame}, in latent frame {image.LatentFrame}");
        }

        SolverUse solver = Solver;
        string order = solver.Name is "unipc" or "dpm++" ? $" of order {solver.Order}" : "";
        Line("solver", $"{solver.Name}{order}, {(solver.Adaptive is { Fewer: [var least, ..] } ? $"{least.Steps} to " : "")}{solver.Steps} steps, shift {solver.Shift:0.###}{(solver.NoiseScale == 1 ? "" : $", noise times {solver.NoiseScale:0.###}")}: {solver.Evaluations.Count} evaluations of {BranchRuns()}");
        Line("guidance", $"{solver.Guidance:0.###}{(solver.SecondGuidance is { } second ? $", {second:0.###} for {GraphRoles.SecondTransformer}" : "")}{(solver.ImageGuidance is { } images ? $", images {images:0.###}" : "")}, noise {solver.GuidanceInterval}, rescale {solver.GuidanceRescale:0.###}");
        foreach ((string name, string value) in Savings())
        {
            Line(name, value);
        }

        Line("noise", string.Join(' ', solver.Evaluations.Select(evaluation => evaluation.Sigma.ToString("0.###", CultureInfo.InvariantCulture))));
        Line("memory", $"{MiB(Memory.Peak)} MiB at most: {MiB(Memory.Weights)} for weights, then {MiB(Memory.Text)} for text{(Memory.Condition > 0 ? $", {MiB(Memory.Condition)} for images" : "")}{(Memory.Semantic > 0 ? $", {MiB(Memory.Semantic)} for semantics" : "")}, "
            + $"{MiB(Memory.Denoise)} for denoising{(Memory.Preview > 0 ? $" and {MiB(Memory.Preview)} for the preview" : "")} or {MiB(Memory.Decode)} for decoding{(Memory.Upscale > 0 ? $" and {MiB(Memory.Upscale)} for upscaling" : "")}");
        Line("time", Time is { } time
            ? $"{time.Total:0.0} s: {(time.Semantic > 0 ? $"{time.Semantic:0.0} for semantics, " : "")}{time.Denoise:0.0} for denoising, {time.Decode:0.0} for decoding{(time.Upscale > 0 ? $", {time.Upscale:0.0} for upscaling" : "")}; as fast as the first video that was made so here"
            : "not known: this machine has made no video so yet");
        foreach (string notice in Notices)
        {
            Line("note", notice);
        }

        return text.ToString().TrimEnd();

        void Line(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"{name,-12}{value}\n");
    }

    /// <summary>What comes before the video, what it is made of one after another, and what it follows; mostly nothing for a clip.</summary>
    private IEnumerable<(string Name, string Value)> Parts()
    {
        if (Video is { } input)
        {
            yield return ("goes on", $"from the last frame of {input.Name}, which is frame 0 here; {(input.Frames > 0 ? $"about {input.Frames} frames of it come before" : "only what follows comes out")}");
        }

        if (Windows.Count > 1)
        {
            string lengths = string.Join(" or ", Windows.Select(window => window.Frames).Distinct().Order()), places = string.Join(", ", Windows.Select(window => $"{window.FirstFrame} to {window.FirstFrame + window.Frames - 1}"));
            yield return ("windows", $"{Windows.Count} of {lengths} frames, each from the last frame of the one before: {places}");
        }

        if (Semantics is { } semantics)
        {
            string origin = semantics.Source is { } source ? $"read off {source}"
                : $"by {semantics.Solver}, {semantics.Steps} steps, shift {semantics.Shift:0.###}, guidance {semantics.Guidance:0.###}, for the whole video";
            yield return ("semantics", $"[{string.Join(", ", semantics.Tokens)}] {origin}; followed with {100 * semantics.Noise:0.#} % noise");
        }
    }

    /// <summary>Which runs of the transformer may be left out; none unless that was asked for.</summary>
    private IEnumerable<(string Name, string Value)> Savings()
    {
        if (Solver.StepCache is { } share)
        {
            yield return ("step cache", $"no run where the velocity is expected to have turned by at most {share:0.###} of itself");
        }

        if (Solver.Adaptive is { } adaptive)
        {
            string fewer = string.Join(", ", adaptive.Fewer.Select(way => way.Evaluations.Count));
            yield return ("adaptive", $"after {adaptive.FirstEvaluations} evaluations {fewer} or {Solver.Evaluations.Count} of them in all: the fewest on whose way the velocity is expected to turn by at most {adaptive.Share:0.###} of itself");
        }
    }

    /// <summary>How many branches the evaluations run.</summary>
    private string BranchRuns()
    {
        int[] counts = [.. Solver.Evaluations.Select(evaluation => evaluation.Branches.Count)];
        (int least, int most) = (counts.Min(), counts.Max());
        return least != most ? $"{least} to {most} branches, {counts.Sum()} together" : most == 1 ? "1 branch" : $"{most} branches";
    }

    private static long MiB(long bytes) => (bytes + (1 << 20) - 1) >> 20;

    /// <summary>An image, and where it goes.</summary>
    internal sealed record ImageUse(string Kind, string Name, int Frame, int LatentFrame);

    /// <summary>A window, and the seed of its noise.</summary>
    internal sealed record WindowUse(int FirstFrame, int Frames, int GivenFrames, int FirstShot, int Shots, ulong Seed);

    /// <summary>The input video, and how many of its frames come out.</summary>
    internal sealed record VideoUse(string Name, int Frames);

    /// <summary>How semantic tokens come to be, and the seeds of their noise; solver, steps, shift and guidance are null where they are read off a video.</summary>
    internal sealed record SemanticUse(IReadOnlyList<int> Tokens, string? Source, string? Solver, int? Steps, double? Shift, double? Guidance, double Noise, ulong? Seed, ulong NoiseSeed)
    {
        public static SemanticUse Of(GenerationPlan plan, SemanticPlan semantics)
        {
            int[] tokens = [semantics.Tokens.Channels, semantics.Tokens.Frames, semantics.Tokens.Height, semantics.Tokens.Width];
            return semantics.Source is { } source
                ? new SemanticUse(tokens, source.Path, Solver: null, Steps: null, Shift: null, Guidance: null, semantics.Noise, Seed: null, plan.SemanticNoiseSeed)
                : new SemanticUse(tokens, Source: null, semantics.SolverKind.ToName(), semantics.Schedule.Steps, semantics.Shift, semantics.Guidance, semantics.Noise, plan.SemanticClip().Seed, plan.SemanticNoiseSeed);
        }
    }

    /// <summary>Seconds.</summary>
    internal sealed record TimeUse(double Total, double Text, double Semantic, double Denoise, double Decode, double Upscale);

    /// <summary>Bytes.</summary>
    internal sealed record MemoryUse(long Peak, long Weights, long Text, long Condition, long Semantic, long Denoise, long Preview, long Decode, long Upscale);

    /// <summary>One evaluation of the transformer, the branches that it runs, and W row by row: kept tensors, these branches, noise.</summary>
    internal sealed record EvaluationUse(string Transformer, double Sigma, double Timestep, IReadOnlyList<int> Branches, IReadOnlyList<IReadOnlyList<double>> Weights)
    {
        public static EvaluationUse Of(SolverStep step, string transformer) => new(
            transformer, step.Sigma, step.Timestep, step.Rows, [.. Enumerable.Range(0, step.Keep).Select(row => step.Weights.Slice(row * step.Columns, step.Columns).ToArray())]);
    }

    /// <summary>A way with fewer steps.</summary>
    internal sealed record WayUse(int Steps, IReadOnlyList<EvaluationUse> Evaluations);

    /// <summary>Ways that may be taken instead, chosen behind the first evaluations, which they all have.</summary>
    internal sealed record AdaptiveUse(double Share, int FirstEvaluations, IReadOnlyList<WayUse> Fewer)
    {
        public static AdaptiveUse Of(AdaptivePlan adaptive) => new(
            adaptive.Share, adaptive.Common, [.. adaptive.Ways.SkipLast(1).Select(way => new WayUse(way.Schedule.Steps, [.. way.Solver.Steps.Zip(way.Transformers, EvaluationUse.Of)]))]);
    }

    /// <summary>How the noise is led to a video.</summary>
    internal sealed record SolverUse(
        string Name, int Order, int Steps, double Shift, double NoiseScale, double Guidance, double? SecondGuidance, double? ImageGuidance, string GuidanceInterval, double GuidanceRescale, double? StepCache, AdaptiveUse? Adaptive,
        IReadOnlyList<EvaluationUse> Evaluations)
    {
        public static SolverUse Of(GenerationPlan plan) => new(
            plan.SolverKind.ToName(), plan.SolverOrder, plan.Schedule.Steps, plan.Shift, plan.NoiseScale, plan.Guidance, plan.SecondGuidance == plan.Guidance ? null : plan.SecondGuidance, plan.ImageGuidance, plan.GuidanceInterval.ToString(), plan.GuidanceRescale, plan.StepCache, plan.Adaptive is { } adaptive ? AdaptiveUse.Of(adaptive) : null,
            [.. plan.Solver.Steps.Zip(plan.Transformers, EvaluationUse.Of)]);
    }
}
