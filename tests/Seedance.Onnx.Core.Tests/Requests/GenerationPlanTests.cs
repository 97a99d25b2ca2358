using Seedance.Onnx.Core.Tests.Packs;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Core.Tests.Requests;

[Trait("Tier", "Unit")]
public sealed class GenerationPlanTests
{
    private static readonly VideoRequest Fine = new() { Prompt = "a red ball" };

    [Fact]
    public void Create_OnlyAPrompt_TakesThePacksDefaults()
    {
        GenerationPlan plan = GenerationPlan.Create(Fine, Pack());

        Assert.Equal((new VideoSize(96, 64), 17, 8), (plan.Size, plan.Frames, plan.Fps));
        Assert.Equal(new LatentShape(4, 5, 8, 12), plan.Latents);
        Assert.Equal((0ul, SolverKind.Euler, 3.5, 3.0), (plan.Seed, plan.SolverKind, plan.Guidance, plan.Shift));
        Assert.Equal(FlowSchedule.Shifted(25, 3).Sigmas, plan.Schedule.Sigmas);
        Assert.Equal<string>(["blurred", "a red ball"], plan.Prompts);
        Assert.Equal((25, 2, 1), (plan.Solver.Steps.Length, plan.Solver.Branches, plan.Solver.Keep));
        Assert.Equal(TimeSpan.FromSeconds(17 / 8.0), plan.Duration);
    }

    [Fact]
    public void Create_EverythingAskedFor_TakesIt()
    {
        VideoRequest request = Fine with
        {
            NegativePrompt = "blue",
            Width = 48,
            Height = 32,
            Frames = 5,
            Seed = 9,
            Steps = 6,
            Guidance = 2,
            Shift = 5,
            Solver = SolverKind.Heun,
        };

        GenerationPlan plan = GenerationPlan.Create(request, Pack());

        Assert.Equal((new VideoSize(48, 32), 5, 9ul, SolverKind.Heun, 2.0, 5.0), (plan.Size, plan.Frames, plan.Seed, plan.SolverKind, plan.Guidance, plan.Shift));
        Assert.Equal(new LatentShape(4, 2, 4, 6), plan.Latents);
        Assert.Equal(FlowSchedule.Shifted(6, 5).Sigmas, plan.Schedule.Sigmas);
        Assert.Equal<string>(["blue", "a red ball"], plan.Prompts);
        Assert.Equal(11, plan.Solver.Steps.Length);
    }

    [Fact]
    public void Create_GuidanceOf1_RunsThePromptAlone()
    {
        GenerationPlan plan = GenerationPlan.Create(Fine with { Guidance = 1 }, Pack());

        Assert.Equal<string>(["a red ball"], plan.Prompts);
        Assert.Equal(1, plan.Solver.Branches);
    }

    [Theory, InlineData(0.01, 1), InlineData(1, 9), InlineData(2, 17), InlineData(2.4, 21), InlineData(5, 41), InlineData(5.125, 41)]
    public void Create_ADuration_TakesTheNearestLength(double seconds, int frames)
    {
        Assert.Equal(frames, GenerationPlan.Create(Fine with { Duration = TimeSpan.FromSeconds(seconds) }, Pack()).Frames);
    }

    [Fact]
    public void Create_ARatio_TakesThePacksNearestSize()
    {
        Assert.Equal(new VideoSize(64, 96), GenerationPlan.Create(Fine with { Ratio = new AspectRatio(9, 16) }, Pack()).Size);
    }

    [Fact]
    public void Create_Wan_TakesUniPCAtItsOwnOrderAndSpacing()
    {
        GenerationPlan plan = GenerationPlan.Create(Fine, Pack("wan"));

        Assert.Equal(new LatentShape(16, 21, 60, 104), plan.Latents);
        Assert.Equal((50, 3, 2), (plan.Solver.Steps.Length, plan.Solver.Keep, plan.Solver.Branches));
        Assert.Equal(FlowSchedule.UniPC(50, 3).Timesteps, plan.Solver.Steps.Select(step => step.Timestep));
        Assert.Equal<string>(["", "a red ball"], plan.Prompts);
    }

    [Fact]
    public void Create_TwoExperts_ChangesGraphAndGuidanceAtTheBoundary()
    {
        using PackFolderFixture fixture = new("wan", contract => ContractReaderTests.SetSecondTransformer(contract, inputs => { }));
        ModelPack pack = fixture.Open();

        GenerationPlan plan = GenerationPlan.Create(Fine with { Steps = 8 }, pack);
        GenerationPlan asked = GenerationPlan.Create(Fine with { Steps = 8, Guidance = 1 }, pack);
        GenerationPlan halfGuided = GenerationPlan.Create(Fine with { Steps = 8 }, pack.Contract with { Sampling = pack.Contract.Sampling with { Guidance = 1 } }, pack.Scheduler);

        int high = plan.Solver.Steps.Count(step => step.Timestep >= 875);
        Assert.InRange(high, 1, 7);
        Assert.Equal<string>([.. Enumerable.Repeat("transformer", high), .. Enumerable.Repeat("transformer_2", 8 - high)], plan.Transformers);
        Assert.Equal([.. Enumerable.Repeat(5.0, high), .. Enumerable.Repeat(3.0, 8 - high)], plan.Solver.Steps.Select(GuidanceOf), new WithinRounding());
        Assert.Equal(1, asked.Solver.Branches);
        Assert.Equal<string>(plan.Transformers, asked.Transformers);
        Assert.Equal([.. Enumerable.Repeat(1.0, high), .. Enumerable.Repeat(3.0, 8 - high)], halfGuided.Solver.Steps.Select(GuidanceOf), new WithinRounding());

        // The prompt's weight over that of all branches that are run.
        static double GuidanceOf(SolverStep step) => step[0, step.Keep + step.Branches - 1] / Enumerable.Range(0, step.Branches).Sum(branch => step[0, step.Keep + branch]);
    }

    [Fact]
    public void Create_OneTransformer_RunsItAtEveryStep()
    {
        Assert.All(GenerationPlan.Create(Fine, Pack()).Transformers, role => Assert.Equal(GraphRoles.Transformer, role));
    }

    [Fact]
    public void Create_AnInvalidRequest_ReportsEveryProblem()
    {
        InvalidRequestException error = Assert.Throws<InvalidRequestException>(
            () => GenerationPlan.Create(Fine with { Prompt = " ", Frames = 2, Width = 97, Height = 64 }, Pack()));

        Assert.Equal(3, error.Problems.Count);
    }

    [Fact]
    public void Create_LatentsBeyondAnyBuffer_IsRefused()
    {
        ModelPack pack = Pack();
        PackContract large = pack.Contract with { Latents = pack.Contract.Latents with { Channels = 1024 } };

        InvalidRequestException error = Assert.Throws<InvalidRequestException>(
            () => GenerationPlan.Create(Fine with { Width = 8192, Height = 8192, Frames = 41 }, large, pack.Scheduler));

        Assert.Contains("but 41 frames of 8192x8192 have 11811160064.", error.Message);
    }

    private sealed class WithinRounding : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) <= 1e-9;

        public int GetHashCode(double obj) => 0;
    }

    private static ModelPack Pack(string name = "mini")
    {
        using PackFolderFixture fixture = new(name);
        return fixture.Open();
    }
}
