using System.Collections.Immutable;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Media;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>Opening, cancelling and disposing, with a pack of tiny graphs.</summary>
[Trait("Tier", "Graph")]
public sealed class VideoPipelineTests
{
    private static readonly string Pack = TinyPack.Folder;
    private static readonly VideoRequest Request = new() { Prompt = "a red ball", Steps = 4, Frames = 1 };

    [Fact]
    public async Task OpenAsync_OptionsThatCannotBe_AreRefusedAllAtOnce()
    {
        PipelineOptions options = new()
        {
            Target = ExecutionTarget.Cpu with { Threads = 0 },
            Host = new HostSettings { Execution = ExecutionTarget.Cpu with { DeviceId = 1 } },
        };

        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(() => VideoPipeline.OpenAsync(Pack, options));

        Assert.Contains("threads must be from 1 to 1024", error.Message, StringComparison.Ordinal);
        Assert.Contains("device must be 0 on cpu", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task OpenAsync_OneGraphOnWhatCannotBeHad_NamesWhatIsMissing()
    {
        Skip.If(File.Exists(Path.Combine(AppContext.BaseDirectory, "libonnxruntime_providers_shared.so")), "The CUDA and TensorRT libraries are built in.");
        ExecutionTarget cuda = new() { Providers = [ExecutionProvider.Cuda] };
        PipelineOptions options = new()
        {
            Target = new ExecutionTarget { Graphs = ImmutableSortedDictionary<string, ExecutionTarget>.Empty.Add(GraphRoles.VaeDecoder, cuda) },
        };

        ExecutionTargetException error = await Assert.ThrowsAsync<ExecutionTargetException>(() => VideoPipeline.OpenAsync(Pack, options));

        Assert.Contains("Provider 'cuda' needs the library", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_HostAsksForAuto_ReportsWhatWasSkippedOnceAndRunsTheRest()
    {
        PipelineOptions options = new() { Host = new HostSettings { Execution = ExecutionTarget.Auto } };

        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(Pack, options);

        Assert.Equal(pipeline.Skipped.Select(skipped => skipped.Provider).Distinct(), pipeline.Skipped.Select(skipped => skipped.Provider));
        Assert.Equal(ExecutionProvider.Cpu, pipeline.Graphs[0].Provider);
    }

    [Fact]
    public async Task OpenAsync_HalfPrecisionPack_IsRefusedWithTheTensorsName()
    {
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder);
        string contract = folder.PathOf("seedance.json");
        await File.WriteAllTextAsync(contract, (await File.ReadAllTextAsync(contract)).Replace("\"float32\"", "\"float16\"", StringComparison.Ordinal));

        ModelPackException error = await Assert.ThrowsAsync<ModelPackException>(() => VideoPipeline.OpenAsync(folder.Path));

        Assert.Contains(error.Problems, problem => problem.Contains("'hidden_states' of graph 'transformer' must be float32, but is float16", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GetAsyncEnumerator_TwoTokens_EitherStopsIt(bool first)
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(Pack);
        using CancellationTokenSource given = new(), later = new();
        CancelOnProgress progress = new(first ? given : later);

        GeneratedVideo video = pipeline.GenerateAsync(Request, progress, given.Token);

        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadAll(video, later.Token));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SaveAsync_TwoTokens_EitherStopsItAndIsNamed(bool first)
    {
        string program = FFmpegProgram();
        using TemporaryFolder folder = new();
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(Pack, new PipelineOptions { FFmpeg = new FFmpegOptions { Path = program } });
        using CancellationTokenSource given = new(), later = new();
        CancellationTokenSource cancelled = first ? given : later;

        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => pipeline.GenerateAsync(Request, new CancelOnProgress(cancelled), given.Token).SaveAsync(folder.PathOf("out.mp4"), later.Token));

        Assert.Equal(cancelled.Token, error.CancellationToken);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task DisposeAsync_WhileOneRunsAndOneWaits_EndsTheRunAndRefusesTheOther()
    {
        VideoPipeline pipeline = await VideoPipeline.OpenAsync(Pack);
        using ManualResetEventSlim running = new(), proceed = new();
        Task run = ReadAll(pipeline.GenerateAsync(Request, new HoldOnProgress(running, proceed)), CancellationToken.None);
        running.Wait(TimeSpan.FromMinutes(1));
        Task waiting = ReadAll(pipeline.GenerateAsync(Request), CancellationToken.None);

        Task disposed = pipeline.DisposeAsync().AsTask();
        proceed.Set();

        await run.WaitAsync(TimeSpan.FromMinutes(1));
        _ = await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(TimeSpan.FromMinutes(1)));
        await disposed.WaitAsync(TimeSpan.FromMinutes(1));
    }

    private static string FFmpegProgram()
    {
        try
        {
            return FFmpegTool.Find().FFmpegPath;
        }
        catch (ExecutionTargetException error)
        {
            Skip.If(true, error.Message);
            throw;
        }
    }

    private static async Task ReadAll(GeneratedVideo video, CancellationToken cancellationToken)
    {
        await foreach (VideoFrame frame in video.WithCancellation(cancellationToken))
        {
            Assert.NotEqual(0, frame.Pixels.Length);
        }
    }

    private sealed class CancelOnProgress(CancellationTokenSource source) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => source.Cancel();
    }

    private sealed class HoldOnProgress(ManualResetEventSlim running, ManualResetEventSlim proceed) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value)
        {
            running.Set();
            proceed.Wait(TimeSpan.FromMinutes(1));
        }
    }
}
