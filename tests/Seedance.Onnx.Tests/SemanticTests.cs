using System.Text.Json.Nodes;
using Seedance.Onnx.Costs;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Forecasts;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Media;
using Seedance.Onnx.Memory;
using Seedance.Onnx.Optimization;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>SemanticGen's two stages through the whole pipeline: tokens of the whole video first, and latents after them, against PyTorch.</summary>
[Trait("Tier", "Graph")]
public sealed class SemanticTests
{
    private static readonly Tolerance Reference = new("the same float32 graphs summed in another order, over 25 guided steps of the tokens and 4 of the latents", 1e-3, 1e-3);

    [Theory]
    [InlineData("words")]
    [InlineData("long")]
    public void MakeSemantics_WholeVideo_EqualsPyTorch(string run)
    {
        using PackStages stages = new();
        GenerationPlan plan = GenerationPlan.Create(SemanticRun.Request(run), stages.Pack);

        SemanticTokens tokens = stages.Sequence.MakeSemantics(RunOf(plan), [], CancellationToken.None)!;

        float[] expected = SemanticRun.Numbers($"{run}_plan"), input = new float[expected.Length];
        tokens.Fill(input);
        Assert.Equal([4, plan.Windows[^1].FirstLatentFrame + plan.Windows[^1].LatentFrames, 4, 6], tokens.InputShape);
        NumericAssert.Close<float>(expected, input, Reference);
    }

    [Fact]
    public async Task MakeLatents_FromASentence_EqualsPyTorch()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(SemanticRun.Pack);
        GenerationPlan plan = GenerationPlan.Create(SemanticRun.Request("words"), pipeline.Pack);
        StageClock clock = new();

        float[] latents = pipeline.MakeLatents(plan, clock, progress: null, CancellationToken.None);

        NumericAssert.Close<float>(SemanticRun.Numbers("words_latents"), latents, Reference);
        Assert.Equal([(GenerationStage.Text, 2), (GenerationStage.Semantic, 25), (GenerationStage.Denoise, 4)], clock.Reports.Select(report => (report.Stage, report.Runs)));
    }

    [SkippableFact]
    public async Task GenerateAsync_TwoShotsBetweenGivenFrames_LatentsEqualPyTorch()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(SemanticRun.Pack, new PipelineOptions { FFmpeg = FilmPack.FFmpeg });
        GenerationPlan plan = await pipeline.PlanAsync(SemanticRun.Request("film"));

        LatentClip clip = await LatentsOfAsync(pipeline, plan);

        Assert.Equal(SemanticRun.Cut("film"), plan.Shots[1].FirstLatentFrame);
        NumericAssert.Close<float>(SemanticRun.Numbers("film_latents"), clip.Values.Span, Reference);
    }

    [Fact]
    public async Task GenerateAsync_TwoShotsInTwoWindows_LatentsEqualPyTorch()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(SemanticRun.Pack);
        GenerationPlan plan = await pipeline.PlanAsync(SemanticRun.Request("long"));
        Listener progress = new();

        LatentClip clip = await LatentsOfAsync(pipeline, plan, progress);

        Assert.Equal((SemanticRun.Cut("long"), 2), (plan.Shots[1].FirstLatentFrame, plan.Windows.Length));
        Assert.Equal([1, 2], plan.Windows.Select(window => window.Shots));
        NumericAssert.Close<float>(SemanticRun.Numbers("long_latents"), clip.Values.Span, Reference);
        Assert.Equal(Enumerable.Range(1, 25).Select(step => (step, 25, 0, 2)), progress.Told(GenerationStage.Semantic)); // once, before the first window
    }

    [Fact]
    public void ReadSemantics_FramesOfAVideo_EqualsPyTorch()
    {
        using PackStages stages = new();
        GenerationPlan plan = GenerationPlan.Create(SemanticRun.Request("words"), stages.Pack);
        float[] expected = SemanticRun.Numbers("still_tokens"), tokens = new float[expected.Length];

        stages.Sequence.ReadSemantics(RunOf(plan), 0, SemanticRun.Still(9), tokens, CancellationToken.None);

        NumericAssert.Close<float>(expected, tokens, Reference);
    }

    [SkippableFact]
    public async Task GenerateAsync_SemanticsOfAVideo_AreReadWindowByWindowAndFollowed()
    {
        FFmpegOptions ffmpeg = FilmPack.FFmpeg;
        using TemporaryFolder folder = new();
        string path = folder.PathOf("像.mp4");
        await WriteAsync(path, ffmpeg, SemanticRun.Still(15)); // two frames short of the video
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(SemanticRun.Pack, new PipelineOptions { FFmpeg = ffmpeg });
        VideoRequest request = SemanticRun.Request("long");
        GenerationPlan plan = await pipeline.PlanAsync(request with { SemanticsOf = VideoSource.FromFile(path) });
        Listener progress = new();

        LatentClip clip = await LatentsOfAsync(pipeline, plan, progress), again = await LatentsOfAsync(pipeline, plan), sampled = await LatentsOfAsync(pipeline, await pipeline.PlanAsync(request));

        Assert.Equal(clip.Values.ToArray(), again.Values.ToArray());
        Assert.NotEqual(sampled.Values.ToArray(), clip.Values.ToArray());
        Assert.Equal([(1, 2, 0, 2), (2, 2, 0, 2)], progress.Told(GenerationStage.Semantic));
        Assert.Equal(("semantics_of", "像.mp4"), GenerationRecord.Of(plan, pipeline.Pack).Images.Select(image => (image.Key, image.Value)).Single());
    }

    [SkippableFact]
    public async Task PlanAsync_SemanticsOfAVideo_ItsLengthIsTakenOrMustBeEnough()
    {
        FFmpegOptions ffmpeg = FilmPack.FFmpeg;
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.mp4");
        await WriteAsync(path, ffmpeg, SemanticRun.Still(12));
        GenerationPlanner planner = GenerationPlanner.Open(SemanticRun.Pack, new PipelineOptions { FFmpeg = ffmpeg });
        VideoRequest request = new() { Prompt = "a red ball", SemanticsOf = VideoSource.FromFile(path) };

        GenerationPlan plan = await planner.PlanAsync(request);
        InvalidRequestException tooLong = await Assert.ThrowsAsync<InvalidRequestException>(() => planner.PlanAsync(request with { Frames = 17 }));

        Assert.Equal((13, "96x64"), (plan.Frames, plan.Size.ToString()));
        Assert.Equal($"Frames must be at most 13, as many as video '{path}' gives the semantics of, but is 17. Ask for a shorter video.", Assert.Single(tooLong.Problems));
        Assert.True(planner.PlanMemory(plan).SemanticBytes > 0);
    }

    [Fact]
    public void FindProblems_WhatAPackCannotDo_IsRefusedInWords()
    {
        VideoSource video = VideoSource.FromFile("a.mp4");
        string without = Assert.Single(new VideoRequest { Prompt = "a", SemanticsOf = video }.FindProblems(ModelPack.Open(TinyPack.Folder).Contract));
        PackContract contract = ModelPack.Open(SemanticRun.Pack).Contract;
        VideoRequest long9 = new() { Shots = [.. Enumerable.Range(0, 9).Select(shot => new ShotRequest { Caption = $"{shot}" })], Frames = 65 };

        IReadOnlyList<string> both = new VideoRequest { Prompt = "a", SemanticsOf = video, InputVideo = video }.FindProblems(contract);

        Assert.Equal("SemanticsOf must be left out with pack 'tiny', which has no graph 'semantic_encoder', but is there. Use a pack that has one.", without);
        Assert.Contains("SemanticsOf must be left out with InputVideo, but both are there. Go on from a video, or make one anew.", both);
        // Tokens of a whole video are made of all shots at once; where they are read off a video, each window reads only its own.
        Assert.Equal("Shots must be at most 8 with pack 'tiny-semantic', but are 9. Make two videos.", Assert.Single(long9.FindProblems(contract)));
        Assert.Empty((long9 with { SemanticsOf = video }).FindProblems(contract));
    }

    [Fact]
    public void PlanMemory_AndWork_CountTheStage()
    {
        GenerationPlanner planner = GenerationPlanner.Open(SemanticRun.Pack);
        GenerationPlan one = planner.Plan(SemanticRun.Request("words")), two = planner.Plan(SemanticRun.Request("long"));

        MemoryPlan memory = planner.PlanMemory(one), longer = planner.PlanMemory(two);
        string[] stages = [.. PackWork.Of(planner.Pack, one).Select(stage => stage.Name)];
        double flops = PackWork.Of(planner.Pack, one).Single(stage => stage.Name == "semantic").Flops, more = PackWork.Of(planner.Pack, two).Single(stage => stage.Name == "semantic").Flops;

        Assert.Equal(["text", "semantic", "denoise", "decode"], stages);
        Assert.True(flops > 0 && more > flops && memory.SemanticBytes > 0 && longer.SemanticBytes > memory.SemanticBytes, $"{memory} {flops}");
        Assert.Equal(one.Seed, SemanticRun.Request("words").Seed);
        Assert.Equal(4, new[] { one.Seed, one.SemanticClip().Seed, one.SemanticNoiseSeed, two.ClipOf(1).Seed }.Distinct().Count());
    }

    [Fact]
    public async Task PlanTime_AfterAVideo_CountsTheStage()
    {
        using TemporaryFolder cache = new();
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(SemanticRun.Pack, new PipelineOptions { Host = new HostSettings { CacheFolder = cache.Path } });
        GenerationPlan plan = await pipeline.PlanAsync(SemanticRun.Request("words"));

        _ = await LatentsOfAsync(pipeline, plan);

        TimePlan time = pipeline.PlanTime(plan)!;
        Assert.True(time.Semantic > TimeSpan.Zero && time.Total > time.Semantic + time.Denoise, $"{time}");
    }

    [Fact]
    public async Task OptimizeAsync_PackWithSemantics_ConvertsItsGraphsToo()
    {
        using TemporaryFolder folder = new();
        ModelOptimizationRequest request = new() { Input = SemanticRun.Pack, Output = folder.PathOf("fast"), Precision = GraphPrecision.Float16, Samples = 1 };

        ModelOptimization optimized = await ModelOptimizer.OptimizeAsync(request);

        GraphOptimization made = optimized.Graphs.Single(graph => graph.Graph == "semantic_transformer");
        Assert.False(made.IsUnchanged);
        Assert.InRange(Assert.Single(made.Differences).RelativeRms, 0, 0.05);
        Assert.NotNull(ModelPack.Open(folder.PathOf("fast")).Contract.Semantics);
    }

    [Fact]
    public void Open_PartsThatDoNotFit_AreToldWithBothShapes()
    {
        Assert.Equal(
            "seedance.json: $ must have semantics, a graph semantic_transformer and a transformer with an input semantic_states together, but has only graphs.semantic_transformer and a transformer's input semantic_states. Add the rest, or remove it.",
            ProblemsWith(contract => contract.Remove("semantics"))[0]);
        Assert.Equal(
            "seedance.json: $.semantics.temporal_stride must be 4 frames to a token, as latents.temporal_stride has it, but is 8. Use an encoder of that rate.",
            Assert.Single(ProblemsWith(contract => contract["semantics"]!["temporal_stride"] = 8)));
        Assert.Equal(
            "seedance.json: $.semantics.spatial_stride must be a multiple of latents.spatial_stride 8 that divides video.size_multiple 16, but is 12. Use an encoder of that rate.",
            Assert.Single(ProblemsWith(contract => contract["semantics"]!["spatial_stride"] = 12)));
        Assert.Equal(
            "seedance.json: $.graphs.semantic_encoder.outputs.semantic_parameters must be float32 [B, 6, f, h, w], mean and log-variance of tokens of the width semantics.channels, 3, but is float32 [B, 8, f, h, w].",
            Assert.Single(ProblemsWith(contract => contract["graphs"]!["semantic_encoder"]!["outputs"]!["semantic_parameters"]!["shape"]![1] = 8)));
        Assert.Equal(
            "seedance.json: $.graphs.transformer.inputs.semantic_states must be float32 [B, 4, f, h_token, w_token], 1 where there is a token, and tokens of the width semantics.channels, 3, but is float32 [B, 9, f, h_token, w_token].",
            Assert.Single(ProblemsWith(contract => contract["graphs"]!["transformer"]!["inputs"]!["semantic_states"]!["shape"]![1] = 9)));
        Assert.Equal(
            "seedance.json: $.semantics.mean must have one number for each of the 3 channels, but has 1.",
            Assert.Single(ProblemsWith(contract => contract["semantics"]!["mean"] = new JsonArray(0.5))));
        Assert.Equal(
            "seedance.json: $.semantics.transformer_channels must have 3 channels of kind condition, as the semantics have, but has 5.",
            ProblemsWith(contract => contract["semantics"]!["transformer_channels"]![2]!["channels"] = 5)[0]);
        Assert.Contains("seedance.json: $.semantics.noise must be a number from 0 to 1, but is 2.", ProblemsWith(contract => contract["semantics"]!["noise"] = 2));
        Assert.Contains("seedance.json: $.semantics.timestep_spacing must be trailing, or left out, but is \"linspace\".", ProblemsWith(contract => contract["semantics"]!["timestep_spacing"] = "linspace"));
        Assert.Contains(ProblemsWith(contract => contract["semantics"]!["noisse"] = 2), problem => problem.StartsWith("seedance.json: $.semantics.noisse must be a known key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OpenAsync_EncoderOfAnotherRate_IsToldWithBothShapes()
    {
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder, SemanticRun.Pack);
        TinyPack.ChangeContract(folder, contract => contract["semantics"]!["spatial_stride"] = 8);

        ModelPackException error = await Assert.ThrowsAsync<ModelPackException>(() => VideoPipeline.OpenAsync(folder.Path));

        Assert.Equal(
            "Graph 'semantic_encoder' must make [1, 6, 3, 8, 12] of 9 frames of 96x64, as semantics in seedance.json says, but makes [1, 6, 3, 4, 6]. Use an encoder of that width and rate, or correct semantics.",
            Assert.Single(error.Problems));
    }

    [Fact]
    public void Create_TokensOfFewSteps_HaveTrailingLevelsAndTheLatentsTheSchedulers()
    {
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder, SemanticRun.Pack);
        TinyPack.ChangeContract(folder, contract =>
        {
            contract["semantics"]!["steps"] = 4;
            contract["semantics"]!["shift"] = 2.5;
            contract["semantics"]!["timestep_spacing"] = "trailing";
        });
        ModelPack pack = ModelPack.Open(folder.Path);

        GenerationPlan plan = GenerationPlan.Create(new VideoRequest { Prompt = "a red ball", Steps = 4 }, pack);

        Assert.Equal(FlowSchedule.Trailing(4, 2.5).Sigmas, plan.Semantics!.Schedule.Sigmas);
        Assert.Equal(pack.Scheduler.CreateSchedule(4).Sigmas, plan.Schedule.Sigmas);
    }

    [Fact]
    public void Create_DistilledThatFollowsNoTokens_PlansNone()
    {
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder, SemanticRun.Pack);
        TinyPack.ChangeContract(folder, contract =>
        {
            JsonObject graph = contract["graphs"]!["transformer"]!.DeepClone().AsObject();
            graph["inputs"]!.AsObject().Remove("semantic_states");
            contract["graphs"]!["transformer_distilled"] = graph;
            contract["sampling"]!["distilled"] = JsonNode.Parse("""{ "solver": "euler", "steps": 2, "guidance": 1 }""");
        });
        ModelPack pack = ModelPack.Open(folder.Path);
        VideoRequest request = new() { Prompt = "a red ball" };

        Assert.Null(GenerationPlan.Create(request, pack).Semantics);
        Assert.NotNull(GenerationPlan.Create(request with { Undistilled = true }, pack).Semantics);
        Assert.DoesNotContain("semantic_transformer", pack.Contract.RunRoles);
        Assert.Equal(
            "SemanticsOf must be left out with the distilled transformer of pack 'tiny-semantic', which follows no semantic tokens, but is there. Ask for the one that it was made from.",
            Assert.Single((request with { SemanticsOf = VideoSource.FromFile("a.mp4") }).FindProblems(pack.Contract)));
    }

    private static IReadOnlyList<string> ProblemsWith(Action<JsonObject> change)
    {
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder, SemanticRun.Pack);
        TinyPack.ChangeContract(folder, change);
        return Assert.Throws<ModelPackException>(() => ModelPack.Open(folder.Path)).Problems;
    }

    private static GenerationRun RunOf(GenerationPlan plan) => new(plan, Latents: null, new GenerationEvents(), new StageClock());

    private static async Task<LatentClip> LatentsOfAsync(VideoPipeline pipeline, GenerationPlan plan, IProgress<GenerationProgress>? progress = null)
    {
        LatentClip? clip = null;
        _ = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan, new GenerationEvents { Latents = done => clip = done, Progress = progress }));
        return clip!;
    }

    private static async Task WriteAsync(string path, FFmpegOptions ffmpeg, VideoFrame[] frames)
    {
        VideoWriter writer = VideoWriter.Open(FFmpegTool.Find(ffmpeg), path, frames[0].Size, new FrameRate(8));
        await using (writer)
        {
            foreach (VideoFrame frame in frames)
            {
                await writer.WriteAsync(frame.Pixels);
            }

            await writer.CompleteAsync();
        }
    }

    private sealed class Listener : IProgress<GenerationProgress>
    {
        private readonly List<GenerationProgress> _told = [];

        public void Report(GenerationProgress value) => _told.Add(value);

        public IEnumerable<(int Step, int Steps, int Window, int Windows)> Told(GenerationStage stage) =>
            _told.Where(value => value.Stage == stage).Select(value => (value.Step, value.Steps, value.Window, value.Windows));
    }

    /// <summary>The stages of the tiny pack by themselves.</summary>
    private sealed class PackStages : IDisposable
    {
        private readonly TemporaryFolder _cache = new();
        private readonly GraphSessions _sessions;

        public PackStages()
        {
            Pack = ModelPack.Open(SemanticRun.Pack);
            _sessions = GraphSessions.Open(Pack, ExecutionTarget.Cpu, _cache.Path, verified: true, fuses: true, keepsMemory: false, CancellationToken.None);
            Sequence = new StageSequence(Pack, _sessions, new MemoryModel(Pack, new PlannedCosts(Pack, _sessions.Composed)));
        }

        public ModelPack Pack { get; }

        public StageSequence Sequence { get; }

        public void Dispose()
        {
            _sessions.Dispose();
            _cache.Dispose();
        }
    }
}
