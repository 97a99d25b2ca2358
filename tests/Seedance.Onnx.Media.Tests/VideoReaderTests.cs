using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class VideoReaderTests : IDisposable
{
    private static readonly FrameRate Rate = new(8);
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [FFmpegFact]
    public async Task ReadAsync_SizeRateAndCount_AreAsAsked()
    {
        string path = _folder.File("clip.mp4");
        await TestClip.WriteAsync(path, frames: 16, TestClip.Size, Rate);
        var request = new VideoReadRequest { Size = new VideoSize(32, 32), FrameRate = new FrameRate(4), MaxFrames = 6 };

        List<VideoFrame> frames = await new VideoReader(TestFFmpeg.Tool).ReadAsync(path, request).ToListAsync();

        Assert.Equal(6, frames.Count);
        Assert.All(frames, frame => Assert.Equal(new VideoSize(32, 32), frame.Size));
        Assert.Equal([0, 0.25, 0.5, 0.75, 1, 1.25], frames.Select(frame => frame.Timestamp.TotalSeconds));
    }

    [FFmpegFact]
    public async Task ReadAsync_AllFrames_AreEightPerSecond()
    {
        string path = _folder.File("clip.mp4");
        await TestClip.WriteAsync(path, frames: 41, TestClip.Size, Rate);

        List<VideoFrame> frames = await new VideoReader(TestFFmpeg.Tool).ReadAsync(path).ToListAsync();

        Assert.Equal(41, frames.Count);
        Assert.InRange(TestClip.Psnr(TestClip.Frame(11, TestClip.Size), frames[11].Pixels.Span), 36, 100);
        Assert.Equal(11, Enumerable.Range(0, 41).MaxBy(i => TestClip.Psnr(TestClip.Frame(i, TestClip.Size), frames[11].Pixels.Span)));
    }

    [FFmpegFact]
    public async Task ReadAsync_WidePixels_AreMadeSquare()
    {
        string path = _folder.File("wide.mp4");
        await TestFFmpeg.RunAsync("-f", "lavfi", "-i", "color=red:s=64x32:r=8:d=1", "-vf", "drawbox=x=32:w=32:h=32:c=blue:t=fill,setsar=2", "-c:v", "libx264",
            "-pix_fmt", "yuv420p", "-f", "mp4", "file:" + path);

        VideoFrame frame = await new VideoReader(TestFFmpeg.Tool).ReadAsync(path).FirstAsync();

        Assert.Equal(new VideoSize(128, 32), frame.Size);
        Assert.True(TestClip.At(frame, 10, 16) is { Red: > 200, Blue: < 60 });
        Assert.True(TestClip.At(frame, 118, 16) is { Blue: > 200, Red: < 60 });
    }

    [FFmpegFact]
    public async Task ReadAsync_TurnedByTheContainer_IsUpright()
    {
        string flat = _folder.File("flat.mp4"), turned = _folder.File("turned.mp4");
        await TestClip.WriteAsync(flat, frames: 4, TestClip.Size, Rate);
        if (await TestFFmpeg.TryRunAsync("-display_rotation:v:0", "90", "-i", "file:" + flat, "-c", "copy", "-f", "mp4", "file:" + turned) is { ExitCode: not 0 })
        {
            // Before FFmpeg 6 it was metadata.
            await TestFFmpeg.RunAsync("-i", "file:" + flat, "-c", "copy", "-metadata:s:v:0", "rotate=90", "-f", "mp4", "file:" + turned);
        }

        List<VideoFrame> frames = await new VideoReader(TestFFmpeg.Tool).ReadAsync(turned).ToListAsync();

        Assert.Equal(4, frames.Count);
        Assert.All(frames, frame => Assert.Equal(new VideoSize(64, 96), frame.Size));
    }

    [SkippableFact]
    public async Task ReadAsync_StoppedEarly_EndsFFmpeg()
    {
        Skip.If(TestFFmpeg.WhyMissing is not null, TestFFmpeg.WhyMissing);
        string path = _folder.File("long.mp4");
        await TestFFmpeg.RunAsync("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=20", "-c:v", "libx264", "-preset", "ultrafast", "-f", "mp4", "file:" + path);
        int[] before = TestFFmpeg.Children(), during = [];

        await foreach (VideoFrame frame in new VideoReader(TestFFmpeg.Tool).ReadAsync(path))
        {
            Assert.Equal(0, frame.Index);
            during = TestFFmpeg.Children();
            break;
        }

        int ffmpeg = Assert.Single(during.Except(before));
        Assert.True(await TestFFmpeg.IsGoneAsync(ffmpeg));
    }

    [FFmpegFact]
    public async Task ReadAsync_Cancelled_ThrowsWithTheToken()
    {
        string path = _folder.File("clip.mp4");
        await TestClip.WriteAsync(path, frames: 41, TestClip.Size, Rate);
        using var cancel = new CancellationTokenSource();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (VideoFrame frame in new VideoReader(TestFFmpeg.Tool).ReadAsync(path, cancellationToken: cancel.Token))
            {
                await cancel.CancelAsync();
            }
        });

        Assert.Equal(cancel.Token, error.CancellationToken);
    }

    [FFmpegFact]
    public async Task ProbeAsync_SoundOnly_SaysSo()
    {
        string path = _folder.File("sound.mp4");
        await TestFFmpeg.RunAsync("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", "-f", "mp4", "file:" + path);

        var error = await Assert.ThrowsAsync<MediaException>(() => new VideoReader(TestFFmpeg.Tool).ProbeAsync(path));

        Assert.Contains("must have a video stream, but has only audio", error.Message, StringComparison.Ordinal);
    }

    [FFmpegTheory]
    [InlineData("notes.txt", "plain text\n")]
    [InlineData("notes.mp4", "plain text\n")]
    [InlineData("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/hostname\n#EXT-X-ENDLIST\n")]
    [InlineData("list.ffconcat", "ffconcat version 1.0\nfile other.mp4\n")]
    public async Task ReadAsync_NotAVideo_IsRefused(string name, string content)
    {
        string path = _folder.File(name);
        File.WriteAllText(path, content);
        await TestClip.WriteAsync(_folder.File("other.mp4"), frames: 1, TestClip.Size, Rate);

        var error = await Assert.ThrowsAsync<MediaException>(async () => await new VideoReader(TestFFmpeg.Tool).ReadAsync(path).ToListAsync());

        Assert.Contains($"Video '{path}' must be a video that FFmpeg can decode", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [FFmpegFact]
    public async Task ReadAsync_TooManyPixels_SaysHowMany()
    {
        string path = _folder.File("clip.mp4");
        await TestClip.WriteAsync(path, frames: 1, TestClip.Size, Rate);
        var reader = new VideoReader(TestFFmpeg.Tool, new MediaLimits { MaxPixels = 1000 });

        var error = await Assert.ThrowsAsync<MediaException>(() => reader.ProbeAsync(path));

        Assert.Contains("at most 1000 pixels, but is 96x64", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void ReadAsync_BadRequest_ThrowsBeforeEnumerating()
    {
        var reader = new VideoReader(TestFFmpeg.Fake(_folder, "exit 9"));

        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadAsync("x.mp4", new VideoReadRequest { MaxFrames = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadAsync("x.mp4", new VideoReadRequest { Size = default(VideoSize) }));
        Assert.Throws<ArgumentException>(() => reader.ReadAsync("x.mp4", new VideoReadRequest { FrameRate = default(FrameRate) }));
    }}
