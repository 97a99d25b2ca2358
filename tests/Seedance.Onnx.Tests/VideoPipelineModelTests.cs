using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx;

/// <summary>The shipped pack through the whole pipeline, against the PyTorch reference and against itself.</summary>
[Trait("Tier", "Model")]
public sealed class VideoPipelineModelTests(ITestOutputHelper output)
{
    private static readonly Tolerance Reference = new("the same float32 graphs summed in another order, over 8 guided steps", 1e-3, 1e-3);

    [Fact]
    public async Task MakeLatents_ReferenceRequest_EqualsPyTorch()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack);
        GenerationPlan plan = GenerationPlan.Create(ReferenceRun.Request, pipeline.Pack);

        float[] latents = pipeline.MakeLatents(plan, new StageClock(), progress: null, CancellationToken.None);

        NumericAssert.Close<float>(ReferenceRun.Latents, latents, Reference);
    }

    [Fact]
    public async Task MakeLatents_DistilledTransformer_EqualsPyTorch()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack);
        VideoRequest request = ReferenceRun.Request with { Undistilled = false, Solver = null, Steps = null, Guidance = null, Shift = null };

        float[] latents = pipeline.MakeLatents(GenerationPlan.Create(request, pipeline.Pack), new StageClock(), progress: null, CancellationToken.None);

        NumericAssert.Close<float>(ReferenceRun.FewLatents, latents, Reference);
    }

    [SkippableFact]
    public async Task GenerateAsync_TwoShotsBetweenGivenFrames_LatentsEqualPyTorch()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack, new PipelineOptions { FFmpeg = FilmPack.FFmpeg });
        GenerationPlan plan = await pipeline.PlanAsync(ReferenceRun.Film);
        LatentClip? clip = null;

        _ = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan, new GenerationEvents { Latents = done => clip = done }));

        Assert.Equal(ReferenceRun.FilmCut, plan.Shots[1].FirstLatentFrame);
        NumericAssert.Close<float>(ReferenceRun.FilmLatents, clip!.Values.Span, Reference);
    }

    [Fact]
    public async Task GenerateAsync_ReferenceRequest_FramesAreAtLeast45DecibelsFromPyTorch()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack);

        byte[] pixels = await PixelsOf(pipeline.GenerateAsync(ReferenceRun.Request));

        double psnr = Psnr(ReferenceRun.Frames, pixels);
        Assert.True(psnr >= 45, $"PSNR must be at least 45 dB, but is {psnr:0.0}.");
    }

    [Fact]
    public async Task GenerateAsync_SameRequestTwice_GivesTheSameBytes()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack);
        VideoRequest request = new() { Prompt = "一个红色的球向右移动", Seed = 3, Steps = 3, Frames = 9 };

        byte[] first = await PixelsOf(pipeline.GenerateAsync(request));
        byte[] second = await PixelsOf(pipeline.GenerateAsync(request));

        Assert.Equal(first, second);
    }

    [Fact]
    public async Task GenerateAsync_OtherPrompt_GivesOtherFrames()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack);

        byte[] red = await PixelsOf(pipeline.GenerateAsync(new VideoRequest { Prompt = "a red ball", Steps = 4, Frames = 1 }));
        byte[] blue = await PixelsOf(pipeline.GenerateAsync(new VideoRequest { Prompt = "a blue ball", Steps = 4, Frames = 1 }));

        Assert.True(Psnr(red, blue) < 30);
    }

    [Fact]
    public async Task MakeLatents_AfterTheFirstStep_AllocatesNothing()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack);
        GenerationPlan plan = GenerationPlan.Create(ReferenceRun.Request, pipeline.Pack);
        AllocationRecorder recorder = new(plan.Solver.Steps.Length);

        _ = pipeline.MakeLatents(plan, new StageClock(), recorder, CancellationToken.None);

        Assert.Equal(plan.Solver.Steps.Length - 1, recorder.BetweenReports.Count);
        Assert.All(recorder.BetweenReports.Skip(1), bytes => Assert.Equal(0, bytes));
    }

    /// <summary>A ratio of times in one run, the best of three: whoever else uses the machine takes from both parts alike, but may hit a short one by chance.</summary>
    [Fact]
    public async Task MakeLatents_TimeOutsideTheGraphs_IsAtMostOnePercent()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack);
        GenerationPlan plan = GenerationPlan.Create(ReferenceRun.Request with { Steps = 20 }, pipeline.Pack);
        List<double> shares = [];

        // The first loads the transformer; in the three after it the compiler of .NET still works.
        for (int warmUp = 0; warmUp < 4; warmUp++)
        {
            _ = pipeline.MakeLatents(plan, new StageClock(), progress: null, CancellationToken.None);
        }

        while (shares.Count < 3 && !shares.Any(share => share <= 0.01))
        {
            StageClock clock = new();
            _ = pipeline.MakeLatents(plan, clock, progress: null, CancellationToken.None);
            StageReport denoise = clock.Reports.Single(report => report.Stage == GenerationStage.Denoise);
            Assert.Equal(20, denoise.Runs);
            shares.Add(1 - (denoise.InRuns / denoise.Elapsed));
        }

        output.WriteLine(string.Join(", ", shares.Select(share => $"{share:p2}")));
        Assert.InRange(shares.Min(), 0, 0.01);
    }

    [Fact]
    public async Task GenerateAsync_PromptOfTooManyTokens_IsRefusedBeforeTheTransformerRuns()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack);
        string prompt = string.Join(' ', Enumerable.Repeat("a red ball jumps", pipeline.Pack.Contract.MaxTokens / 4));

        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(
            () => PixelsOf(pipeline.GenerateAsync(new VideoRequest { Prompt = prompt })));

        Assert.Contains("tokens", Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GenerateAsync_CancelledInsideTheLoop_StopsWithTheCallersToken()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack);
        using CancellationTokenSource source = new();
        CancelAfter progress = new(source, steps: 2);

        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => PixelsOf(pipeline.GenerateAsync(ReferenceRun.Request with { Steps = 50 }, progress, source.Token)));

        Assert.Equal(source.Token, error.CancellationToken);
        Assert.InRange(progress.Seen, 2, 4);
    }

    private static async Task<byte[]> PixelsOf(GeneratedVideo video)
    {
        List<byte> pixels = [];
        await foreach (VideoFrame frame in video)
        {
            pixels.AddRange(frame.Pixels.Span);
        }

        return [.. pixels];
    }

    private static double Psnr(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double squares = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            squares += (expected[i] - actual[i]) * (expected[i] - actual[i]);
        }

        return 10 * Math.Log10(255.0 * 255.0 * expected.Length / Math.Max(squares, 1e-9));
    }

    private sealed class CancelAfter(CancellationTokenSource source, int steps) : IProgress<GenerationProgress>
    {
        public int Seen { get; private set; }

        public void Report(GenerationProgress value)
        {
            if (value.Stage == GenerationStage.Denoise && ++Seen == steps)
            {
                source.Cancel();
            }
        }
    }
}
