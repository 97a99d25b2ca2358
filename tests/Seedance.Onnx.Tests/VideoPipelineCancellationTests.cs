using System.Diagnostics;
using Seedance.Onnx.Media;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx;

/// <summary>How soon a generation ends once it is cancelled, at any stage, and that its files are gone then.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Model")]
public sealed class VideoPipelineCancellationTests(VideoPipelineCancellationTests.OpenPack opened, ITestOutputHelper output) : IClassFixture<VideoPipelineCancellationTests.OpenPack>
{
    /// <summary>The figure is one second; the rest is for a machine that is busy. What is cancelled would take minutes.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1 + 9);

    /// <summary>Long enough that the run has begun, far too short for it to end.</summary>
    private static readonly TimeSpan InsideTheRun = TimeSpan.FromMilliseconds(300);

    public static TheoryData<GenerationStage, int> Moments => new()
    {
        { GenerationStage.Text, 0 }, // then the first step runs
        { GenerationStage.Denoise, 0 },
        { GenerationStage.Denoise, 60 }, // inside a step
        { GenerationStage.Decode, 0 },
        { GenerationStage.Encode, 0 },
    };

    [SkippableTheory, MemberData(nameof(Moments))]
    public async Task SaveAsync_CancelledAtAStage_EndsSoonAndLeavesNothing(GenerationStage stage, int millisecondsLater)
    {
        using TemporaryFolder folder = new();
        VideoPipeline pipeline = opened.Require();
        int steps = stage < GenerationStage.Decode ? 1000 : 1;
        VideoRequest request = new() { Prompt = "a red ball", Steps = steps, Guidance = 1 };
        using CancellationTokenSource source = new();
        long cancelled = 0;
        await using CancellationTokenRegistration note = source.Token.Register(() => cancelled = Stopwatch.GetTimestamp());

        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => pipeline.GenerateAsync(request, new CancelAt(stage, millisecondsLater, source), source.Token).SaveAsync(folder.PathOf("out.mp4")));

        TimeSpan took = Stopwatch.GetElapsedTime(cancelled);
        output.WriteLine($"{stage}: {took.TotalMilliseconds:0} ms");
        Assert.InRange(took, TimeSpan.Zero, Soon);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Theory, Trait("Tier", "Graph")]
    [InlineData(GenerationStage.Text)]
    [InlineData(GenerationStage.Decode)]
    public async Task GenerateAsync_CancelledInsideARunThatTakesMinutes_EndsSoon(GenerationStage stage)
    {
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder);
        bool isText = stage == GenerationStage.Text;
        TinyPack.MakeSlow(folder, isText ? GraphRoles.TextEncoder : GraphRoles.VaeDecoder, isText ? "input_ids" : "latent_sample", isText ? "last_hidden_state" : "sample");
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path, new PipelineOptions { VerifyFiles = false });
        using CancellationTokenSource source = new();
        long cancelled = 0;
        await using CancellationTokenRegistration note = source.Token.Register(() => cancelled = Stopwatch.GetTimestamp());
        LastStage last = new(stage - 1, () => source.CancelAfter(InsideTheRun));
        if (isText)
        {
            source.CancelAfter(InsideTheRun);
        }

        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (VideoFrame frame in pipeline.GenerateAsync(new VideoRequest { Prompt = "a red ball", Steps = 1, Frames = 1 }, last, source.Token))
            {
                Assert.Fail($"Frame {frame.Index} was made.");
            }
        });

        TimeSpan took = Stopwatch.GetElapsedTime(cancelled);
        output.WriteLine($"inside {stage}: {took.TotalMilliseconds:0} ms");
        Assert.Equal(isText ? null : GenerationStage.Denoise, last.Reported);
        Assert.InRange(took, TimeSpan.Zero, Soon);
    }

    /// <summary>The shipped pack, opened once for all moments.</summary>
    public sealed class OpenPack : IAsyncLifetime
    {
        private VideoPipeline? _pipeline;
        private string _missing = "";

        public VideoPipeline Require()
        {
            Skip.If(_pipeline is null, _missing);
            return _pipeline;
        }

        public async Task InitializeAsync()
        {
            try
            {
                PipelineOptions options = new() { FFmpeg = new FFmpegOptions { Path = FFmpegTool.Find().FFmpegPath }, VerifyFiles = false };
                _pipeline = await VideoPipeline.OpenAsync(ReferenceRun.Pack, options);
            }
            catch (ExecutionTargetException missing)
            {
                _missing = missing.Message;
            }
        }

        public async Task DisposeAsync()
        {
            if (_pipeline is not null)
            {
                await _pipeline.DisposeAsync();
            }
        }
    }

    /// <summary>Keeps the last stage that ended, and calls when a certain one has.</summary>
    private sealed class LastStage(GenerationStage awaited, Action reached) : IProgress<GenerationProgress>
    {
        public GenerationStage? Reported { get; private set; }

        public void Report(GenerationProgress value)
        {
            Reported = value.Stage;
            if (value.Stage == awaited)
            {
                reached();
            }
        }
    }

    private sealed class CancelAt(GenerationStage stage, int millisecondsLater, CancellationTokenSource source) : IProgress<GenerationProgress>
    {
        private bool _armed;

        public void Report(GenerationProgress value)
        {
            if (value.Stage != stage || _armed)
            {
                return;
            }

            _armed = true;
            if (millisecondsLater == 0)
            {
                source.Cancel();
            }
            else
            {
                source.CancelAfter(millisecondsLater);
            }
        }
    }
}
