namespace Seedance.Onnx.Media;

/// <summary>Codecs beside the usual ones, folders of pictures, and another rate.</summary>
[Trait("Tier", "Unit")]
public sealed class VideoCodecTests : IDisposable
{
    private static readonly FrameRate Rate = new(8);
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [FFmpegTheory]
    [InlineData("a.mp4", "h265", "hevc", 34)]
    [InlineData("a.mp4", "av1", "av1", 34)]
    [InlineData("a.webm", "av1", "av1", 34)]
    public async Task CompleteAsync_OtherCodec_ReadsBackNearlyEqual(string name, string codec, string probed, double leastDecibel)
    {
        string path = _folder.File(name);
        Dictionary<string, string> metadata = new() { ["title"] = "标题" };
        await TestClip.WriteAsync(path, frames: 5, TestClip.Size, Rate, new VideoEncoding { Format = VideoFormat.FromPath(path, codec), Metadata = metadata });

        VideoReader reader = new(TestFFmpeg.Tool);
        VideoInfo info = await reader.ProbeAsync(path);
        List<VideoFrame> frames = await reader.ReadAsync(path).ToListAsync();

        Assert.Equal((probed, "标题"), (info.Codec, info.Metadata["title"]));
        Assert.Equal(5, frames.Count);
        Assert.All(frames, frame => Assert.InRange(TestClip.Psnr(TestClip.Frame(frame.Index, TestClip.Size), frame.Pixels.Span), leastDecibel, 100));
    }

    [Theory]
    [InlineData("a.mp4", "vp9", "must be h264 or h265 or av1, but is vp9")]
    [InlineData("a.gif", "h264", "must be gif, but is h264")]
    [InlineData("a/", "av1", "must be png, but is av1")]
    public void FromPath_CodecThatTheEndingHasNot_SaysWhichItHas(string path, string codec, string problem)
    {
        InvalidRequestException error = Assert.Throws<InvalidRequestException>(() => VideoFormat.FromPath(path, codec));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [FFmpegFact]
    public async Task CompleteAsync_Folder_HoldsEveryFrameLossFree()
    {
        string path = _folder.File("100 % 帧") + Path.DirectorySeparatorChar;
        await TestClip.WriteAsync(path, frames: 3, TestClip.Size, Rate);

        Assert.Equal(["100 % 帧"], _folder.Names);
        Assert.Equal(["frame-00000.png", "frame-00001.png", "frame-00002.png"], Directory.EnumerateFiles(path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        VideoFrame last = await new ImageReader(TestFFmpeg.Tool).ReadAsync(Path.Combine(path, "frame-00002.png"));
        Assert.Equal(TestClip.Frame(2, TestClip.Size), last.Pixels.ToArray());
    }

    [FFmpegFact]
    public async Task DisposeAsync_FolderThatIsNotComplete_LeavesNothing()
    {
        await using (VideoWriter writer = VideoWriter.Open(TestFFmpeg.Tool, _folder.File("frames") + "/", TestClip.Size, Rate))
        {
            await writer.WriteAsync(TestClip.Frames(2, TestClip.Size));
        }

        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void CheckWritable_FolderWithFiles_IsRefusedAndAnEmptyOneIsNot()
    {
        string full = _folder.File("full"), empty = _folder.File("empty");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(full).FullName, "x"), "x");
        Directory.CreateDirectory(empty);

        VideoWriter.CheckWritable(empty + "/");
        MediaException error = Assert.Throws<MediaException>(() => VideoWriter.CheckWritable(full + "/"));

        Assert.Contains("must be a new folder or an empty one, but has files in it", error.Message, StringComparison.Ordinal);
        Assert.Equal(["empty", "full"], _folder.Names.Order(StringComparer.Ordinal));
    }

    [FFmpegTheory]
    [InlineData(24, 24)]
    [InlineData(4, 4)]
    public async Task CompleteAsync_OtherRate_KeepsTheTime(int rate, int frames)
    {
        string path = _folder.File("rate.mp4");
        await TestClip.WriteAsync(path, frames: 8, TestClip.Size, Rate, new VideoEncoding { FrameRate = new FrameRate(rate) });

        VideoInfo info = await new VideoReader(TestFFmpeg.Tool).ProbeAsync(path);

        Assert.Equal((new FrameRate(rate), frames), (info.FrameRate, info.FrameCount));
        Assert.Equal(1, info.Duration.TotalSeconds, tolerance: 0.13);
    }
}
