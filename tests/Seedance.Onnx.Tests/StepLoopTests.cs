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

    [Theory, Trait("Tier", "Model")]
    [InlineData(SolverKind.Euler)]
    [InlineData(SolverKind.UniPC)]
    public void Advance_ShippedPack_LatentsAreThoseOfTheLoopOnTheHost(SolverKind solver) =>
        Compare(ReferenceRun.Pack, ReferenceRun.Request with { Steps = Steps, Solver = solver, Frames = 5 });

    private static StageReport Compare(string folder, VideoRequest request)
    {
        ModelPack pack = ModelPack.Open(folder);
        GenerationPlan plan = GenerationPlan.Create(request, pack);
        using TemporaryFolder cache = new();
        using GraphSessions sessions = GraphSessions.Open(pack, ExecutionTarget.Cpu, cache.Path, verified: true, fuses: true, CancellationToken.None);
        using TextCondition text = new TextStage(sessions.Find(GraphRoles.Tokenizer), sessions[GraphRoles.TextEncoder], pack.Contract.MaxTokens).Run(plan.Branches, CancellationToken.None);
        StageClock clock = new();

        float[] latents = Denoise(new DenoiseStage(sessions.Need(GraphRoles.Transformer, CancellationToken.None), pack.Contract.TransformerChannels), plan, text, clock);

        StageReport report = Assert.Single(clock.Reports);
        Assert.Equal(plan.Solver.Steps.Length, report.Runs + report.Skipped);
        NumericAssert.Close<float>(RunOnHost(pack, plan, text), latents, TwentySteps);
        return report;
    }

    private static float[] Denoise(DenoiseStage stage, GenerationPlan plan, TextCondition text, StageClock clock)
    {
        using StageRun run = new(clock, GenerationStage.Denoise);
        return stage.Run(plan, text, ImageCondition.None, stage: run);
    }

    private static float[] RunOnHost(ModelPack pack, GenerationPlan plan, TextCondition text)
    {
        using GraphSession transformer = GraphSession.Open(pack.Folder, pack.Contract.FindGraph(GraphRoles.Transformer)!, ExecutionTarget.Cpu);
        LatentShape shape = plan.Latents;
        TransformerChannels channels = pack.Contract.TransformerChannels;
        StepCache? cache = plan.StepCache is { } limit ? new StepCache(limit, (int)shape.Length) : null;
        float[] state = new float[shape.Length * plan.Solver.Keep], next = new float[state.Length];
        int branches = plan.Solver.Branches, length = (int)shape.Length, row = length / shape.Channels * channels.Total;
        using HostTensor hidden = HostTensor.Allocate(ElementType.Float32, branches, channels.Total, shape.Frames, shape.Height, shape.Width);
        using HostTensor timestep = HostTensor.Allocate(ElementType.Float32, branches), noShots = HostTensor.Allocate(ElementType.Int64, branches, shape.Frames);
        hidden.AsSpan<float>().Clear();
        noShots.AsSpan<long>().Clear();
        Dictionary<string, GraphTensor> inputs = transformer.Contract.PickInputs(
            ("hidden_states", hidden), ("timestep", timestep), ("encoder_hidden_states", text.States), ("encoder_attention_mask", text.Mask),
            ("encoder_shot_ids", text.Shots), ("frame_shot_ids", noShots));
        new TorchRandom(plan.Seed).FillNormal(state.AsSpan(0, length));
        foreach (SolverStep step in plan.Solver.Steps)
        {
            if (step != plan.Solver.Steps[^1] && cache?.Holds(step) == true)
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
            cache?.Keep(step, state.AsSpan(state.Length - length));
        }

        return state[..length];
    }
}
