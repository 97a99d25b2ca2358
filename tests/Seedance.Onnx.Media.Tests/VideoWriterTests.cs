using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class VideoWriterTests : IDisposable
{
    private static readonly FrameRate Rate = new(8);
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [FFmpegTheory]
    [InlineData("red.mp4", 36)]
    [InlineData("红色的球.MP4", 36)]
    [InlineData("-a:b,c%d.webm", 34)]
    [InlineData("palette.gif", 28)]
    public async Task CompleteAsync_SyntheticClip_ReadsBackNearlyEqual(string name, double leastDecibel)
    {
        string path = _folder.File(name);
        await TestClip.WriteAsync(path, frames: 17, TestClip.Size, Rate);

        List<VideoFrame> frames = await new VideoReader(TestFFmpeg.Tool).ReadAsync(path, new VideoReadRequest { FrameRate = Rate }).ToListAsync();

        Assert.Equal([name], _folder.Names);
        Assert.Equal(17, frames.Count);
        Assert.All(frames, frame => Assert.InRange(TestClip.Psnr(TestClip.Frame(frame.Index, TestClip.Size), frame.Pixels.Span), leastDecibel, 100));
        Assert.Equal(TimeSpan.FromSeconds(2), frames[16].Timestamp);
    }

    [FFmpegTheory]
    [InlineData(8, 1, 17)]
    [InlineData(30000, 1001, 5)]
    [InlineData(24, 1, 1)]
    public async Task CompleteAsync_AnyRate_FileHasRateFramesAndDuration(int numerator, int denominator, int frames)
    {
        var rate = new FrameRate(numerator, denominator);
        string path = _folder.File("rate.mp4");
        await TestClip.WriteAsync(path, frames, TestClip.Size, rate);

        VideoInfo info = await new VideoReader(TestFFmpeg.Tool).ProbeAsync(path);

        Assert.Equal((TestClip.Size, rate, frames, "h264", false), (info.Size, info.FrameRate, info.FrameCount, info.Codec, info.HasAudio));
        Assert.Equal(rate.TimeOf(frames).TotalSeconds, info.Duration.TotalSeconds, tolerance: 0.001);
    }

    [FFmpegFact]
    public async Task CompleteAsync_Mp4Metadata_IsInTheFile()
    {
        Dictionary<string, string> metadata = VideoFormat.Mp4.MetadataKeys!.ToDictionary(key => key, key => $"{key}: 一只红色的球; a=b \"c\"\nline 2");
        metadata["unheard-of"] = "left out";
        string path = _folder.File("meta.mp4");
        await TestClip.WriteAsync(path, frames: 2, TestClip.Size, Rate, new VideoEncoding { Metadata = metadata });

        VideoInfo info = await new VideoReader(TestFFmpeg.Tool).ProbeAsync(path);

        Assert.All(VideoFormat.Mp4.MetadataKeys!, key => Assert.Equal(metadata[key], info.Metadata[key]));
        Assert.DoesNotContain("unheard-of", info.Metadata);
    }

    [FFmpegFact]
    public async Task CompleteAsync_WebMMetadata_KeepsAnyName()
    {
        string path = _folder.File("meta.webm");
        var metadata = new Dictionary<string, string> { ["unheard-of"] = "值" };
        await TestClip.WriteAsync(path, frames: 2, TestClip.Size, Rate, new VideoEncoding { Metadata = metadata });

        VideoInfo info = await new VideoReader(TestFFmpeg.Tool).ProbeAsync(path);

        Assert.Equal("值", info.Metadata["unheard-of"]);
    }

    [FFmpegFact]
    public async Task CompleteAsync_Mp4_HasItsIndexBeforeItsFrames()
    {
        string path = _folder.File("fast.mp4");
        await TestClip.WriteAsync(path, frames: 3, TestClip.Size, Rate);

        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);

        Assert.InRange(bytes.IndexOf("moov"u8), 1, bytes.IndexOf("mdat"u8));
    }

    [FFmpegFact]
    public async Task Quality_Worse_MakesASmallerFile()
    {
        string good = _folder.File("good.mp4"), bad = _folder.File("bad.mp4");
        await TestClip.WriteAsync(good, frames: 9, TestClip.Size, Rate);
        await TestClip.WriteAsync(bad, frames: 9, TestClip.Size, Rate, new VideoEncoding { Quality = 45 });

        Assert.InRange(new FileInfo(bad).Length, 1, new FileInfo(good).Length - 1);
    }

    [FFmpegFact]
    public async Task WriteAsync_SeveralFramesAtOnce_CountsAndKeepsThem()
    {
        string path = _folder.File("chunk.mp4");
        await using (var writer = VideoWriter.Open(TestFFmpeg.Tool, path, TestClip.Size, Rate))
        {
            await writer.WriteAsync(TestClip.Frames(5, TestClip.Size));
            await writer.WriteAsync(new VideoFrame(TestClip.Size, TestClip.Frame(5, TestClip.Size)));
            await writer.CompleteAsync();

            Assert.Equal(6, writer.FrameCount);
        }

        Assert.Equal(6, (await new VideoReader(TestFFmpeg.Tool).ProbeAsync(path)).FrameCount);
    }

    [FFmpegFact]
    public async Task CompleteAsync_FileExists_ReplacesItOnlyThen()
    {
        string path = _folder.File("old.mp4");
        File.WriteAllText(path, "old");
        await using var writer = VideoWriter.Open(TestFFmpeg.Tool, path, TestClip.Size, Rate);
        await writer.WriteAsync(TestClip.Frames(3, TestClip.Size));

        string before = File.ReadAllText(path);
        await writer.CompleteAsync();

        Assert.Equal("old", before);
        Assert.Equal(["old.mp4"], _folder.Names);
        Assert.True(new FileInfo(path).Length > 100);
    }

    [SkippableFact]
    public async Task WriteAsync_FirstFrame_StartsFFmpegAndNotBefore()
    {
        using TestFolder programs = new();
        string started = programs.File("started");
        FFmpegTool tool = TestFFmpeg.Fake(programs, $": > \"{started}\"; cat > /dev/null; echo whole > \"$OUT\"");
        await using var writer = VideoWriter.Open(tool, _folder.File("x.mp4"), TestClip.Size, Rate);
        await Task.Delay(300);
        bool early = File.Exists(started);

        await writer.WriteAsync(TestClip.Frames(1, TestClip.Size));
        await writer.CompleteAsync();

        Assert.False(early);
        Assert.True(File.Exists(started));
    }

    [FFmpegFact]
    public async Task DisposeAsync_WithoutComplete_LeavesNoFileAndNoProcess()
    {
        var writer = VideoWriter.Open(TestFFmpeg.Tool, _folder.File("x.mp4"), TestClip.Size, Rate);
        await writer.WriteAsync(TestClip.Frames(3, TestClip.Size));

        await writer.DisposeAsync();
        await writer.DisposeAsync();

        Assert.Empty(_folder.Names);
        Assert.True(await TestFFmpeg.IsGoneAsync(writer.ProcessId));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writer.WriteAsync(TestClip.Frames(1, TestClip.Size)));
    }

    [FFmpegFact]
    public async Task CompleteAsync_NoFrames_IsMisuse()
    {
        await using var writer = VideoWriter.Open(TestFFmpeg.Tool, _folder.File("x.mp4"), TestClip.Size, Rate);

        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync());
    }

    [FFmpegFact]
    public async Task WriteAsync_AfterComplete_IsMisuse()
    {
        await using var writer = VideoWriter.Open(TestFFmpeg.Tool, _folder.File("x.mp4"), TestClip.Size, Rate);
        await writer.WriteAsync(TestClip.Frames(1, TestClip.Size));
        await writer.CompleteAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteAsync(TestClip.Frames(1, TestClip.Size)));
    }

    [FFmpegTheory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task WriteAsync_NoWholeFrame_IsMisuseAndTheWriterGoesOn(int bytes)
    {
        await using var writer = VideoWriter.Open(TestFFmpeg.Tool, _folder.File("x.mp4"), TestClip.Size, Rate);

        await Assert.ThrowsAsync<ArgumentException>(() => writer.WriteAsync(new byte[bytes]));
        await writer.WriteAsync(TestClip.Frames(1, TestClip.Size));
        await writer.CompleteAsync();

        Assert.Equal(["x.mp4"], _folder.Names);
    }

    [SkippableFact]
    public void Open_OddSizeBadQualityForMp4_SaysBothProblems()
    {
        FFmpegTool tool = TestFFmpeg.Fake(_folder, "exit 0");

        var error = Assert.Throws<InvalidRequestException>(
            () => VideoWriter.Open(tool, _folder.File("x.mp4"), new VideoSize(95, 64), Rate, new VideoEncoding { Quality = 52 }));

        Assert.Equal(2, error.Problems.Count);
        Assert.Contains("must be a multiple of 2 both ways for MP4, but is 95x64", error.Problems[0], StringComparison.Ordinal);
        Assert.Contains("from 0 (best) to 51, but is 52", error.Problems[1], StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Open_QualityForGif_IsRefused()
    {
        FFmpegTool tool = TestFFmpeg.Fake(_folder, "exit 0");

        Assert.Throws<InvalidRequestException>(
            () => VideoWriter.Open(tool, _folder.File("x.gif"), TestClip.Size, Rate, new VideoEncoding { Quality = 5 }));
    }

    [SkippableTheory]
    [InlineData("", "x")]
    [InlineData("a=b", "x")]
    [InlineData("comment", "nul\0")]
    public void Open_MetadataThatNoArgumentCarries_IsMisuse(string key, string value)
    {
        FFmpegTool tool = TestFFmpeg.Fake(_folder, "exit 0");
        var encoding = new VideoEncoding { Metadata = new Dictionary<string, string> { [key] = value } };

        Assert.Throws<ArgumentException>(() => VideoWriter.Open(tool, _folder.File("x.mp4"), TestClip.Size, Rate, encoding));
    }

    [SkippableFact]
    public void Open_EmptySizeOrRate_IsMisuse()
    {
        FFmpegTool tool = TestFFmpeg.Fake(_folder, "exit 0");

        Assert.Throws<ArgumentOutOfRangeException>(() => VideoWriter.Open(tool, _folder.File("x.mp4"), default, Rate));
        Assert.Throws<ArgumentException>(() => VideoWriter.Open(tool, _folder.File("x.mp4"), TestClip.Size, default));
    }
}
