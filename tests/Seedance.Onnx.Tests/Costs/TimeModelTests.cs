using Seedance.Onnx.Execution;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Costs;

/// <summary>What a plan says of its time, and what a machine knows of itself.</summary>
[Trait("Tier", "Graph")]
public sealed class TimeModelTests
{
    private static readonly VideoRequest Words = new() { Prompt = "a red ball", Frames = 5, Steps = 4, Seed = 5 };

    [Fact]
    public async Task PlanTime_FirstVideo_IsNotKnownBeforeAndGrowsWithTheWorkAfter()
    {
        using TemporaryFolder cache = new();
        PipelineOptions options = new() { Host = HostSettings.None with { CacheFolder = cache.Path } };
        GenerationPlanner before = GenerationPlanner.Open(FilmPack.Folder, options);
        GenerationPlan plan = before.Plan(Words);
        TimePlan? unknown = before.PlanTime(plan);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder, options);

        _ = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan));

        GenerationPlanner later = GenerationPlanner.Open(FilmPack.Folder, options);
        TimePlan once = later.PlanTime(plan)!, twice = later.PlanTime(later.Plan(Words with { Steps = 8 }))!, alone = later.PlanTime(later.Plan(Words with { Guidance = 1 }))!;
        Assert.Null(unknown);
        Assert.Equal(pipeline.PlanTime(plan), once);
        Assert.True(once.Text > TimeSpan.Zero && once.Denoise > TimeSpan.Zero && once.Decode > TimeSpan.Zero && once.Upscale == TimeSpan.Zero, $"{once}");
        Assert.InRange(twice.Denoise / once.Denoise, 1.99, 2.01);
        Assert.InRange(alone.Denoise / once.Denoise, 0.2, 0.8);
        Assert.Equal(once.Decode, twice.Decode);
    }

    [Fact]
    public async Task PlanTime_OtherThreadsOrPack_IsNotKnown()
    {
        using TemporaryFolder cache = new();
        PipelineOptions options = new() { Host = HostSettings.None with { CacheFolder = cache.Path } };
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder, options);
        GenerationPlan plan = await pipeline.PlanAsync(Words);
        _ = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan));

        GenerationPlanner threads = GenerationPlanner.Open(FilmPack.Folder, new PipelineOptions { Host = options.Host, Target = new ExecutionTarget { Threads = 7 } }), other = GenerationPlanner.Open(TinyPack.Folder, options);

        Assert.NotNull(pipeline.PlanTime(plan));
        Assert.Null(threads.PlanTime(threads.Plan(Words)));
        Assert.Null(other.PlanTime(other.Plan(Words)));
    }

    [Fact]
    public void StageRates_Kept_AreFoundAgainAndAForeignFileSaysNothing()
    {
        using TemporaryFolder folder = new();
        StageRates rates = new(folder.Path);
        rates.Keep("a", new Dictionary<GenerationStage, double> { [GenerationStage.Denoise] = 2e9, [GenerationStage.Decode] = 1e9 });

        rates.Keep("a", new Dictionary<GenerationStage, double> { [GenerationStage.Decode] = 3e9 });
        for (int i = 0; i < 70; i++)
        {
            rates.Keep($"b{i}", new Dictionary<GenerationStage, double> { [GenerationStage.Text] = i });
            _ = i % 10 == 0 ? Touch(rates) : 0;
        }

        Assert.Null(rates.Find("b0"));
        Assert.Equal([2e9, 3e9], new StageRates(folder.Path).Find("a")!.OrderBy(rate => rate.Key).Select(rate => rate.Value));
        Assert.Equal(["rates.json"], Directory.EnumerateFiles(folder.Path).Select(Path.GetFileName));
        File.WriteAllText(folder.PathOf("rates.json"), "not ours");
        Assert.Null(rates.Find("a"));

        static int Touch(StageRates rates)
        {
            rates.Keep("a", new Dictionary<GenerationStage, double>());
            return 1;
        }
    }
}
