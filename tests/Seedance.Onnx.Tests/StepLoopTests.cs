using Seedance.Onnx.Execution;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>Steps on the device, against the pack's own transformer with guidance and solver on the host.</summary>
public sealed class StepLoopTests
{
    private const int Steps = 20;

    private static readonly Tolerance TwentySteps = new("twenty steps in single precision, summed in another order", 1e-5, 1e-5);

    [Theory, Trait("Tier", "Graph")]
    [InlineData(SolverKind.Euler, 1)]
    [InlineData(SolverKind.Heun, 2.5)]
    [InlineData(SolverKind.UniPC, 2.5)]
    [InlineData(SolverKind.DpmSolverPlusPlus, 1)]
    public void Advance_TinyPack_LatentsAreThoseOfTheLoopOnTheHost(SolverKind solver, double guidance) =>
        Compare(TinyPack.Folder, new VideoRequest { Prompt = "a red ball", Seed = 3, Steps = Steps, Solver = solver, Guidance = guidance, Frames = 5 });

    [Theory, Trait("Tier", "Model")]
    [InlineData(0.5)]
    [InlineData(1.5)]
    public void Advance_ShippedPackWithANoiseScale_LatentsAreThoseOfTheLoopOnTheHost(double scale) =>
        Compare(ReferenceRun.Pack, ReferenceRun.Request with { Steps = Steps, NoiseScale = scale, Frames = 5 });

    [Theory, Trait("Tier", "Graph")]
    [InlineData(SolverKind.Euler, 0.9)]
    [InlineData(SolverKind.UniPC, 0.5)]
    public void Advance_GuidanceInAnInterval_RunsOnlyTheBranchesThatCount(SolverKind solver, double rescale) => Compare(
        TinyPack.Folder,
        new VideoRequest { Prompt = "a red ball", NegativePrompt = "blue", Seed = 3, Steps = Steps, Solver = solver, Guidance = 4, GuidanceInterval = new(0.3, 0.8), GuidanceRescale = rescale, Frames = 5 });

    [Theory, Trait("Tier", "Graph")]
    [InlineData(SolverKind.Euler)]
    [InlineData(SolverKind.Heun)]
    [InlineData(SolverKind.UniPC)]
    [InlineData(SolverKind.DpmSolverPlusPlus)]
    public void Advance_StepCache_LeavesOutTheRunsThatTheHostDoes(SolverKind solver)
    {
        // The tiny pack's velocity never turns, but for rounding: all is left out that may be.
        StageReport report = Compare(TinyPack.Folder, new VideoRequest { Prompt = "a red ball", Seed = 3, Steps = Steps, Solver = solver, Guidance = 1, StepCache = 0.5, Frames = 5 });

        Assert.True(report.Skipped >= Steps / 2, $"Only {report.Skipped} runs were left out.");
    }

    [Theory, Trait("Tier", "Model")]
    [InlineData(SolverKind.Euler)]
    [InlineData(SolverKind.UniPC)]
    public void Advance_ShippedPackWithStepCache_LatentsAreThoseOfTheLoopOnTheHost(SolverKind solver) =>
        Assert.InRange(Compare(ReferenceRun.Pack, ReferenceRun.Request with { Steps = Steps, Solver = solver, StepCache = 0.1, Frames = 5 }).Skipped, 1, Steps - 3);

    [Theory, Trait("Tier", "Graph")]
    [InlineData(SolverKind.Euler, null)]
    [InlineData(SolverKind.Heun, null)]
    [InlineData(SolverKind.UniPC, 0.5)]
    public void Advance_AdaptiveSteps_WalksTheWayThatIsChosenAndTellsItsLength(SolverKind solver, double? stepCache)
    {
        // The tiny pack's velocity never turns, but for rounding.
        VideoRequest request = new() { Prompt = "a red ball", Seed = 3, Steps = Steps, Solver = solver, Guidance = 1, AdaptiveSteps = 0.5, StepCache = stepCache, Frames = 5 };
        GenerationPlan plan = GenerationPlan.Create(request, ModelPack.Open(TinyPack.Folder));
        List<GenerationProgress> told = [];

        StageReport report = Compare(TinyPack.Folder, plan, plan.Ways[0], new Listener(told.Add));

        int most = plan.Solver.Steps.Length, fewest = plan.Ways[0].Solver.Steps.Length, common = plan.Adaptive!.Common;
        Assert.True(report.Runs <= fewest && (stepCache is null) == (report.Runs == fewest), $"{report.Runs} runs were made for {fewest} evaluations.");
        Assert.Equal(Enumerable.Range(1, fewest), told.Select(progress => progress.Step));
        Assert.Equal(Enumerable.Range(1, fewest).Select(step => step < common ? most : fewest), told.Select(progress => progress.Steps));
    }

    [Theory, Trait("Tier", "Model")]
    [InlineData(Steps, 1e-6, 2)]
    [InlineData(2 * Steps, 1, 0)]
    public void Advance_ShippedPackWithAdaptiveSteps_LatentsAreThoseOfTheWayOnTheHost(int steps, double share, int way)
    {
        GenerationPlan plan = GenerationPlan.Create(ReferenceRun.Request with { Steps = steps, AdaptiveSteps = share, Undistilled = true, Frames = 5 }, ModelPack.Open(ReferenceRun.Pack));

        StageReport report = Compare(ReferenceRun.Pack, plan, plan.Ways[way]);

        Assert.Equal(plan.Ways[way].Solver.Steps.Length, report.Runs);
    }

    [Theory, Trait("Tier", "Model")]
    [InlineData(SolverKind.Euler)]
    [InlineData(SolverKind.UniPC)]
    public void Advance_ShippedPack_LatentsAreThoseOfTheLoopOnTheHost(SolverKind solver) =>
        Compare(ReferenceRun.Pack, ReferenceRun.Request with { Steps = Steps, Solver = solver, Frames = 5 });

    /// <summary>On as many threads as there are branches, each branch has one; on any other number they are one batch.</summary>
    [Theory, Trait("Tier", "Model")]
    [InlineData(1, SolverKind.Euler, 0)]
    [InlineData(2, SolverKind.Euler, 0)]
    [InlineData(2, SolverKind.UniPC, 0.5)]
    [InlineData(3, SolverKind.UniPC, 0.5)]
    public void Advance_ThreadsForBranches_LatentsAreThoseOfTheLoopOnTheHost(int threads, SolverKind solver, double rescale)
    {
        VideoRequest request = ReferenceRun.Request with { Steps = Steps, Solver = solver, Guidance = 3, GuidanceRescale = rescale, GuidanceInterval = new(0.2, 0.9), Frames = 5 };
        GenerationPlan plan = GenerationPlan.Create(request, ModelPack.Open(ReferenceRun.Pack));

        _ = Compare(ReferenceRun.Pack, plan, plan.Ways[^1], threads: threads);
    }

    [Fact, Trait("Tier", "Model")]
    public void Need_AsManyThreadsAsBranches_GivesEachBranchOne()
    {
        using TemporaryFolder cache = new();
        (int, int) Of(int threads, string role, bool fuses)
        {
            using GraphSessions sessions = GraphSessions.Open(ModelPack.Open(ReferenceRun.Pack), ExecutionTarget.Cpu with { Threads = threads }, cache.Path, verified: true, fuses, keepsMemory: false, CancellationToken.None);
            ResolvedTarget target = sessions.Need(role, CancellationToken.None).Target;
            return (target.Threads, target.RunsAtOnce);
        }

        Assert.Equal((1, 2), Of(2, GraphRoles.Transformer, fuses: true));
        Assert.Equal((1, 1), Of(1, GraphRoles.Transformer, fuses: true));
        Assert.Equal((3, 1), Of(3, GraphRoles.Transformer, fuses: true));
        Assert.Equal((2, 1), Of(2, GraphRoles.DistilledTransformer, fuses: true));
        Assert.Equal((2, 1), Of(2, GraphRoles.Transformer, fuses: false));
    }

    [Fact, Trait("Tier", "Model")]
    public async Task Advance_SideBySideCancelled_StopsAllBranches()
    {
        VideoRequest request = ReferenceRun.Request with { Steps = 50, Guidance = 3 };
        GenerationPlan plan = GenerationPlan.Create(request, ModelPack.Open(ReferenceRun.Pack));
        using CancellationTokenSource stop = new();

        Task run = Task.Run(() => Compare(ReferenceRun.Pack, plan, plan.Ways[^1], new Listener(progress => stop.CancelAfter(progress.Step)), threads: 2, stop.Token));

        Assert.Equal(stop.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run)).CancellationToken);
    }

    private static StageReport Compare(string folder, VideoRequest request)
    {
        GenerationPlan plan = GenerationPlan.Create(request, ModelPack.Open(folder));
        return Compare(folder, plan, plan.Ways[^1]);
    }

    private static StageReport Compare(
        string folder, GenerationPlan plan, PlannedSteps way, IProgress<GenerationProgress>? progress = null, int? threads = null, CancellationToken cancellationToken = default)
    {
        ModelPack pack = ModelPack.Open(folder);
        using TemporaryFolder cache = new();
        using GraphSessions sessions = GraphSessions.Open(pack, ExecutionTarget.Cpu with { Threads = threads }, cache.Path, verified: true, fuses: true, keepsMemory: false, CancellationToken.None);
        using TextCondition text = new TextStage(sessions.Find(GraphRoles.Tokenizer), sessions[GraphRoles.TextEncoder], pack.Contract.MaxTokens).Run(plan.Branches, CancellationToken.None);
        StageClock clock = new();

        float[] latents = Denoise(new DenoiseStage(sessions.Need(GraphRoles.Transformer, CancellationToken.None), pack.Contract.TransformerChannels), plan, text, clock, progress, cancellationToken);

        StageReport report = Assert.Single(clock.Reports);
        Assert.Equal(plan.Solver.Steps.Length, report.Runs + report.Skipped);
        NumericAssert.Close<float>(RunOnHost(pack, plan, way.Solver, text), latents, TwentySteps);
        return report;
    }

    private static float[] Denoise(DenoiseStage stage, GenerationPlan plan, TextCondition text, StageClock clock, IProgress<GenerationProgress>? progress, CancellationToken cancellationToken)
    {
        using StageRun run = new(clock, GenerationStage.Denoise);
        return stage.Run(plan, text, ImageCondition.None, stage: run, progress: progress, cancellationToken: cancellationToken);
    }

    private static float[] RunOnHost(ModelPack pack, GenerationPlan plan, SolverPlan solver, TextCondition text)
    {
        using GraphSession transformer = GraphSession.Open(pack.Folder, pack.Contract.FindGraph(GraphRoles.Transformer)!, ExecutionTarget.Cpu);
        LatentShape shape = plan.Latents;
        TransformerChannels channels = pack.Contract.TransformerChannels;
        VelocityTurn? turn = plan.StepCache is null ? null : new VelocityTurn((int)shape.Length);
        float[] state = new float[shape.Length * solver.Keep], next = new float[state.Length];
        int branches = solver.Branches, length = (int)shape.Length, row = length / shape.Channels * channels.Total;
        using HostTensor hidden = HostTensor.Allocate(ElementType.Float32, branches, channels.Total, shape.Frames, shape.Height, shape.Width);
        using HostTensor timestep = HostTensor.Allocate(ElementType.Float32, branches), noShots = HostTensor.Allocate(ElementType.Int64, branches, shape.Frames);
        hidden.AsSpan<float>().Clear();
        noShots.AsSpan<long>().Clear();
        Dictionary<string, GraphTensor> inputs = transformer.Contract.PickInputs(
            ("hidden_states", hidden), ("timestep", timestep), ("encoder_hidden_states", text.States), ("encoder_attention_mask", text.Mask),
            ("encoder_shot_ids", text.Shots), ("frame_shot_ids", noShots));
        new TorchRandom(plan.Seed).FillNormal(state.AsSpan(0, length));
        for (int i = 0; i < length; i++)
        {
            state[i] *= (float)plan.NoiseScale;
        }

        foreach ((int index, SolverStep step) in solver.Steps.Index())
        {
            // Those that a way is chosen by are run in any case.
            if (index >= (plan.Adaptive?.Common ?? 0) && index < solver.Steps.Length - 1 && turn?.Expect(step) <= plan.StepCache)
            {
                step.Reusing().Apply(state, [], [], next);
                (state, next) = (next, state);
                continue;
            }

            timestep.AsSpan<float>().Fill((float)step.Timestep);
            for (int branch = 0; branch < branches; branch++)
            {
                state.AsSpan(0, length).CopyTo(hidden.AsSpan<float>()[((branch * row) + (channels.Offset(ChannelKind.Noisy) * length / shape.Channels))..]);
            }

            using GraphOutputs outputs = transformer.Run(inputs);
            float[] velocities = [.. step.Rows.SelectMany(branch => outputs["out_hidden_states"].AsSpan<float>().Slice(branch * length, length).ToArray())];
            GuidanceRescale.Apply(step, velocities);
            step.Apply(state, velocities, [], next);
            (state, next) = (next, state);
            turn?.Keep(step, state.AsSpan(state.Length - length));
        }

        return state[..length];
    }

    private sealed class Listener(Action<GenerationProgress> told) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => told(value);
    }
}
