using System.Collections.Immutable;
using System.Text.Json.Nodes;
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
    private static readonly VideoRequest WithImage = Fine with { FirstFrame = ImageSource.FromFile("a.png") };

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
        GenerationPlan plan = GenerationPlan.Create(WithImage, Pack("wan"));

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

        GenerationPlan plan = GenerationPlan.Create(WithImage with { Steps = 8 }, pack);
        GenerationPlan asked = GenerationPlan.Create(WithImage with { Steps = 8, Guidance = 1 }, pack);
        GenerationPlan halfGuided = GenerationPlan.Create(WithImage with { Steps = 8 }, pack.Contract with { Sampling = pack.Contract.Sampling with { Guidance = 1 } }, pack.Scheduler);

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

    /// <summary>What Wan's published models differ in: channels, rows of image features, sizes.</summary>
    [Theory]
    [InlineData("t2v 480p", 0, false, "832x480", "2 16 21 60 104", "", "")]
    [InlineData("i2v 480p", 1, true, "832x480", "2 36 21 60 104", "2 257 1280", "1 3 480 832")]
    [InlineData("i2v 720p", 1, true, "1280x720", "2 36 21 90 160", "2 257 1280", "1 3 720 1280")]
    [InlineData("flf2v 720p", 2, true, "1280x720", "2 36 21 90 160", "2 514 1280", "2 3 720 1280")]
    [InlineData("2.2 i2v", 1, false, "832x480", "2 36 21 60 104", "", "")]
    public void Create_WansModels_HaveTheShapesOfTheirConfigurations(string model, int images, bool features, string size, string hidden, string rows, string pixels)
    {
        using PackFolderFixture fixture = new("wan", contract => DescribeWan(contract, images, features, size));
        PackContract contract = fixture.Open().Contract;
        VideoRequest request = images == 0 ? Fine : images == 1 ? WithImage : WithImage with { LastFrame = WithImage.FirstFrame };

        GenerationPlan plan = GenerationPlan.Create(request, contract, fixture.Open().Scheduler);

        PlannedShapes shapes = PlannedShapes.Of(plan, contract);
        string Of(string role, string input) => contract.FindGraph(role) is { } graph && shapes.InputsOf(graph, contract).TryGetValue(input, out ImmutableArray<long> lengths) ? string.Join(' ', lengths) : "";
        Assert.Equal((model, hidden, rows, pixels), (model, Of(GraphRoles.Transformer, "hidden_states"), Of(GraphRoles.Transformer, "encoder_hidden_states_image"), Of(GraphRoles.ImageEncoder, "pixel_values")));
        Assert.Equal(images == 0 ? "1 3 1 480 832" : $"1 3 81 {plan.Size.Height} {plan.Size.Width}", Of(GraphRoles.VaeEncoder, "sample"));
        (ConditionKind, int, int)[] places = [(ConditionKind.FirstFrame, 0, 0), (ConditionKind.LastFrame, 80, 20)];
        Assert.Equal(places[..images], plan.Conditions.Select(condition => (condition.Kind, condition.Frame, condition.LatentFrame)));
    }

    [Fact]
    public void Create_ClipToBeEncodedWholeBeyondAnyBuffer_IsRefused()
    {
        InvalidRequestException error = Assert.Throws<InvalidRequestException>(() => GenerationPlan.Create(WithImage with { Width = 2048, Height = 2048 }, Pack("wan")));

        Assert.Equal(
            "A clip with images must have at most 536870911 values, because pack 'wan-2.1-i2v' encodes it whole, but 81 frames of 2048x2048 have 1019215872. Ask for fewer or smaller frames.",
            Assert.Single(error.Problems));
    }

    [Theory]
    [InlineData(1, 2, 0, "Images must be at least 1 with pack 'wan-2.1-i2v', but are 0. Give a first frame.")]
    [InlineData(2, 2, 1, "Images must be 2 with pack 'wan-2.1-i2v', but are 1. Give a first and a last frame.")]
    [InlineData(0, 1, 2, "Images must be at most 1 with pack 'wan-2.1-i2v', but are 2. Give the first frame alone.")]
    public void Create_ANumberOfImagesThatThePackDoesNotTake_IsRefused(int least, int most, int given, string problem)
    {
        ModelPack pack = Pack("wan");
        VideoRequest request = given == 0 ? Fine : given == 1 ? WithImage : WithImage with { LastFrame = WithImage.FirstFrame };

        InvalidRequestException error = Assert.Throws<InvalidRequestException>(() => GenerationPlan.Create(request, pack.Contract with { MinImages = least, MaxImages = most }, pack.Scheduler));

        Assert.Equal(problem, Assert.Single(error.Problems));
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

    private static void DescribeWan(JsonObject contract, int images, bool features, string size)
    {
        JsonObject graphs = contract["graphs"]!.AsObject(), inputs = graphs["transformer"]!["inputs"]!.AsObject();
        contract["video"]!["sizes"] = new JsonArray(size);
        contract["images"] = new JsonObject { ["min"] = images, ["max"] = Math.Max(images, 1) };
        inputs["encoder_hidden_states_image"]!["shape"]![1] = 257 * images;
        if (!features)
        {
            _ = inputs.Remove("encoder_hidden_states_image");
            _ = graphs.Remove("image_encoder");
        }

        if (images == 0)
        {
            inputs["hidden_states"]!["shape"]![1] = 16;
            contract["transformer_channels"] = new JsonArray(contract["transformer_channels"]![0]!.DeepClone());
        }
    }

    private static ModelPack Pack(string name = "mini")
    {
        using PackFolderFixture fixture = new(name);
        return fixture.Open();
    }
}
