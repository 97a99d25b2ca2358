using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>Videos longer than a clip, made in windows of 9 frames, and videos that go on from another, with the film pack: where a frame is given, its latent frame is that frame; elsewhere it is what the caption says.</summary>
[Trait("Tier", "Graph")]
public sealed class LongVideoTests : IAsyncLifetime, IDisposable
{
    private static readonly VideoRequest Long = new() { Prompt = "red ball", Frames = 33, Guidance = 1, Steps = 3, Seed = 5 };
    private static readonly Tolerance EightBits = new("8 bits of a frame, single precision", 1e-3, 1e-3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _pack = new();
    private VideoPipeline? _pipeline;

    public async Task InitializeAsync()
    {
        TinyPack.CopyTo(_pack, FilmPack.Folder);
        TinyPack.ChangeContract(_pack, contract => contract["video"]!["window_frames"] = 9);
        _pipeline = await VideoPipeline.OpenAsync(_pack.Path, new PipelineOptions { FFmpeg = new FFmpegOptions { Path = Environment.GetEnvironmentVariable("SEEDANCE_FFMPEG") } });
    }

    public async Task DisposeAsync() => await _pipeline!.DisposeAsync();

    public void Dispose() => _pack.Dispose();

    [Fact]
    public async Task GenerateAsync_LongerThanAClip_HasEachFrameOnceAndIsTheSameEachTime()
    {
        GenerationPlan plan = await _pipeline!.PlanAsync(Long);

        List<VideoFrame> frames = await FilmPack.ReadAsync(_pipeline.GenerateAsync(plan)), again = await FilmPack.ReadAsync(_pipeline.GenerateAsync(plan));

        Assert.Equal([9, 9, 9, 9], plan.Windows.Select(window => window.Frames));
        Assert.Equal(Enumerable.Range(0, 33), frames.Select(frame => frame.Index));
        Assert.Equal(Enumerable.Range(0, 33).Select(index => TimeSpan.FromSeconds(index / 8.0)), frames.Select(frame => frame.Timestamp));
        Assert.All(frames.Zip(again), pair => Assert.Equal(pair.First.Pixels.ToArray(), pair.Second.Pixels.ToArray()));
    }

    [Fact]
    public async Task GenerateAsync_EveryWindow_IsGivenTheLastFrameOfTheOneBefore()
    {
        LatentClip? clip = null;
        // Another caption in each window, so that the given frame is not what the words say.
        GenerationPlan plan = await _pipeline!.PlanAsync(Long with { Prompt = "[Shot 1] red ball [Shot 2] a star [Shot 3] blue [Shot 4] 一只猫" });

        List<VideoFrame> frames = await FilmPack.ReadAsync(_pipeline.GenerateAsync(plan, new GenerationEvents { Latents = kept => clip = kept }));

        LatentGeometry geometry = _pipeline.Pack.Contract.Latents;
        int begin = 0;
        foreach (PlannedWindow window in plan.Windows)
        {
            LatentShape shape = plan.LatentsOf(window);
            float[] latents = clip!.Values.Slice(begin, (int)shape.Length).ToArray();
            begin += latents.Length;
            if (window.GivenFrames == 0)
            {
                continue;
            }

            (byte red, byte green, byte blue) = FilmPack.Colour(frames[window.FirstFrame]);
            byte[] given = [red, green, blue];
            for (int channel = 0; channel < 3; channel++)
            {
                NumericAssert.Close(((given[channel] / 127.5) - 1 - geometry.Mean[channel]) / geometry.Std[channel], FilmPack.At(latents, shape, channel, 0), EightBits);
                Assert.NotEqual(FilmPack.At(latents, shape, channel, 0), FilmPack.At(latents, shape, channel, 2));
            }
        }

        Assert.Equal(clip!.Values.Length, begin);
    }

    [Fact]
    public async Task GenerateAsync_SeveralShots_EachShowsItsOwnCaptionInWhateverWindow()
    {
        string[] captions = ["red ball", "a star", "一只猫"];
        double?[] seconds = [1.6, 2, null];
        ShotRequest[] shots = [.. captions.Zip(seconds, (caption, length) => new ShotRequest { Caption = caption, Duration = length is { } known ? TimeSpan.FromSeconds(known) : null })];
        GenerationPlan plan = await _pipeline!.PlanAsync(Long with { Prompt = "", Frames = 49, Shots = [.. shots] });
        (byte, byte, byte)[] colours = [.. captions.Select(caption => FilmPack.Colour(FilmPack.ReadAsync(_pipeline.GenerateAsync(Long with { Prompt = caption, Frames = 9 })).GetAwaiter().GetResult()[8]))];

        List<VideoFrame> frames = await FilmPack.ReadAsync(_pipeline.GenerateAsync(plan));

        Assert.True(plan.Shots.Skip(1).Any(shot => plan.Windows.All(window => window.FirstFrame + 1 != shot.FirstFrame)), "A cut must fall inside a window, or nothing is shown by this.");
        Assert.Equal(colours, plan.Shots.Select(shot => FilmPack.Colour(frames[shot.FirstFrame + shot.Frames - 1])));
    }

    [Fact]
    public async Task DecodeAsync_KeptLatents_AreTheSameFrames()
    {
        using TemporaryFolder folder = new();
        GenerationPlan plan = await _pipeline!.PlanAsync(Long with { Frames = 29 });
        List<VideoFrame> frames = await FilmPack.ReadAsync(_pipeline.GenerateAsync(plan, new GenerationEvents { Latents = clip => clip.Save(folder.PathOf("a.safetensors")) }));

        LatentClip kept = LatentClip.Load(folder.PathOf("a.safetensors"), _pipeline.Pack);
        List<VideoFrame> decoded = await FilmPack.ReadAsync(_pipeline.DecodeAsync(kept));

        Assert.Equal([5, 9, 9, 9], plan.Windows.Select(window => window.Frames));
        Assert.Equal(frames.Select(frame => frame.Index), decoded.Select(frame => frame.Index));
        Assert.All(frames.Zip(decoded), pair => Assert.Equal(pair.First.Pixels.ToArray(), pair.Second.Pixels.ToArray()));
    }

    [Fact]
    public async Task GenerateAsync_SlowReader_TwoWindowsAreMadeAndOthersHaveTheirTurn()
    {
        int window = 0;
        GenerationPlan plan = await _pipeline!.PlanAsync(Long);
        GeneratedVideo video = _pipeline.GenerateAsync(plan, new GenerationEvents { Progress = new Listener(value => Volatile.Write(ref window, value.Window)) });
        await using IAsyncEnumerator<VideoFrame> reader = video.GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync());

        // The pipeline makes one video at a time.
        List<VideoFrame> other = await FilmPack.ReadAsync(_pipeline.GenerateAsync(Long with { Frames = 9 })).WaitAsync(Patience);
        other.AddRange(await FilmPack.ReadAsync(_pipeline.GenerateAsync(Long with { Frames = 9 })).WaitAsync(Patience));

        Assert.Equal((18, 1), (other.Count, Volatile.Read(ref window)));
        int left = 0;
        while (await reader.MoveNextAsync())
        {
            left++;
        }

        Assert.Equal((32, 3), (left, Volatile.Read(ref window)));
    }

    [Fact]
    public async Task GenerateAsync_Preview_IsOfTheFirstWindowAlone()
    {
        List<int> windows = [];
        int window = 0;
        GenerationEvents events = new() { Progress = new Listener(value => window = value.Window), Preview = new Looks(_ => windows.Add(window)) };

        _ = await FilmPack.ReadAsync(_pipeline!.GenerateAsync(await _pipeline.PlanAsync(Long with { Steps = 16 }), events));

        Assert.Equal(7, windows.Count(look => look == 0));
        Assert.Equal(7, windows.Count);
    }

    [Fact]
    public async Task GenerateAsync_CancelledInALaterWindow_EndsAndThePipelineGoesOn()
    {
        using CancellationTokenSource source = new();
        GenerationEvents events = new()
        {
            Progress = new Listener(value =>
            {
                if (value is { Window: 2, Stage: GenerationStage.Denoise })
                {
                    source.Cancel();
                }
            }),
        };
        GenerationPlan plan = await _pipeline!.PlanAsync(Long);
        int read = 0;

        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (VideoFrame frame in _pipeline.GenerateAsync(plan, events, source.Token))
            {
                read++;
            }
        });

        Assert.Equal(source.Token, error.CancellationToken);
        Assert.InRange(read, 0, 17);
        Assert.Equal(33, (await FilmPack.ReadAsync(_pipeline.GenerateAsync(plan))).Count);
    }

    [SkippableFact]
    public async Task GenerateAsync_InputVideo_ComesFirstAndIsGoneOnFrom()
    {
        using TemporaryFolder folder = new();
        string path = await WriteVideoAsync(folder, frames: 30, new FrameRate(12));
        LatentClip? clip = null;
        VideoRequest request = Long with { InputVideo = VideoSource.FromFile(path), Frames = 17 };
        GenerationPlan plan = await _pipeline!.PlanAsync(request), onlyNew = await _pipeline.PlanAsync(request with { OnlyNew = true });

        List<VideoFrame> frames = await FilmPack.ReadAsync(_pipeline.GenerateAsync(plan, new GenerationEvents { Latents = kept => clip = kept }));
        List<VideoFrame> behind = await FilmPack.ReadAsync(_pipeline.GenerateAsync(onlyNew));

        Assert.Equal((20, 36), (plan.InputFrames, plan.OutputFrames)); // 2.5 s at 8 frames a second
        Assert.Equal(Enumerable.Range(0, 36), frames.Select(frame => frame.Index));
        Assert.Equal(Enumerable.Range(0, 16), behind.Select(frame => frame.Index));
        Assert.All(frames.Skip(20).Zip(behind), pair => Assert.Equal(pair.First.Pixels.ToArray(), pair.Second.Pixels.ToArray()));
        LatentGeometry geometry = _pipeline.Pack.Contract.Latents;
        NumericAssert.Close(
            ((FilmPack.Colour(frames[19]).Red / 127.5) - 1 - geometry.Mean[0]) / geometry.Std[0], FilmPack.At(clip!.Values.ToArray(), plan.Latents, 0, 0), new Tolerance("8 bits, and a mean over pixels after H.264", 0.02, 0.02));
        Assert.Equal("The pack makes 8 frames a second; those of '" + path + "', 12 a second, are repeated or left out to keep the time.", Assert.Single(plan.Notices));
    }

    [SkippableFact]
    public async Task PlanAsync_VideosThatCannotBeGoneOnFrom_AreToldWithEverythingElse()
    {
        Skip.If(FilmPack.FFmpeg is null);
        using TemporaryFolder folder = new();
        string broken = folder.PathOf("broken.mp4"), empty = folder.PathOf("empty.mp4");
        await File.WriteAllTextAsync(broken, "no video");
        await File.WriteAllTextAsync(empty, "");

        async Task<string> ProblemOf(string path)
        {
            InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(() => _pipeline!.PlanAsync(Long with { Steps = 0, InputVideo = VideoSource.FromFile(path) }));
            Assert.StartsWith("Steps must be", error.Problems[0], StringComparison.Ordinal);
            return Assert.Single(error.Problems.Skip(1));
        }

        Assert.StartsWith($"Video '{broken}' must be a video that FFmpeg can decode, but is not", await ProblemOf(broken), StringComparison.Ordinal);
        Assert.StartsWith($"Video '{empty}' must have from 1 to", await ProblemOf(empty), StringComparison.Ordinal);
        Assert.StartsWith("Video 'missing.mp4' must be a file that can be read", await ProblemOf("missing.mp4"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GenerateAsync_Cascade_MakesAllWindowsLargerWithoutASeam()
    {
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder, FilmPack.Folder);
        TinyPack.ChangeContract(folder, contract =>
        {
            contract["video"]!["window_frames"] = 9;
            contract["cascade"] = System.Text.Json.Nodes.JsonNode.Parse("""{ "scale": 2, "resolutions": { "480p": 1, "720p": 2 } }""");
        });
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);
        List<VideoFrame> plain = await FilmPack.ReadAsync(pipeline.GenerateAsync(Long));

        List<VideoFrame> large = await FilmPack.ReadAsync(pipeline.GenerateAsync(Long with { Upscale = 2 }));

        Assert.Equal(plain.Select(frame => (frame.Index, frame.Timestamp)), large.Select(frame => (frame.Index, frame.Timestamp)));
        Assert.All(plain.Zip(large), pair => Assert.Equal((FilmPack.Colour(pair.First), new VideoSize(96, 64)), (FilmPack.Colour(pair.Second), pair.Second.Size)));
    }

    private static async Task<string> WriteVideoAsync(TemporaryFolder folder, int frames, FrameRate rate)
    {
        string path = folder.PathOf("输入.mp4");
        VideoSize size = new(96, 64);
        VideoWriter writer = VideoWriter.Open(FFmpegTool.Find(FilmPack.FFmpeg), path, size, rate);
        await using (writer)
        {
            for (int frame = 0; frame < frames; frame++)
            {
                byte[] pixels = new byte[VideoFrame.ByteCount(size)];
                pixels.AsSpan().Fill((byte)(40 + (5 * frame)));
                await writer.WriteAsync(pixels);
            }

            await writer.CompleteAsync();
        }

        return path;
    }

    private sealed class Listener(Action<GenerationProgress> told) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => told(value);
    }

    private sealed class Looks(Action<VideoFrame> shown) : IProgress<VideoFrame>
    {
        public void Report(VideoFrame value) => shown(value);
    }
}
