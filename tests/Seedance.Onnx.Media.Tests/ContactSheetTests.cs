using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class ContactSheetTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [FFmpegFact]
    public async Task WriteAsync_Clip_ShowsFirstToLastInRows()
    {
        string video = _folder.File("片段.mp4"), sheet = _folder.File("sheet.png");
        await TestClip.WriteAsync(video, frames: 17, TestClip.Size, new FrameRate(8));
        var layout = new ContactSheetLayout { Frames = 5, Columns = 3, FrameWidth = 96, Labels = false };

        ContactSheetLayout drawn = await new ContactSheet(TestFFmpeg.Tool).WriteAsync(video, sheet, layout);
        VideoFrame picture = await new ImageReader(TestFFmpeg.Tool).ReadAsync(sheet);

        Assert.Equal(layout, drawn);
        Assert.Equal(new VideoSize((3 * 102) + 6, (2 * 70) + 6), picture.Size);
        Assert.All(Enumerable.Range(0, 5), i =>
            Assert.InRange(TestClip.Psnr(TestClip.Frame(4 * i, TestClip.Size), Cell(picture, 6 + (i % 3 * 102), 6 + (i / 3 * 70))), 34, 100));
        Assert.Equal(["sheet.png", "片段.mp4"], _folder.Names);
    }

    [FFmpegFact]
    public async Task WriteAsync_Labels_ChangeThePictureWhereDrawn()
    {
        string video = _folder.File("clip.mp4");
        await TestClip.WriteAsync(video, frames: 9, TestClip.Size, new FrameRate(8));
        var sheet = new ContactSheet(TestFFmpeg.Tool);

        ContactSheetLayout plain = await sheet.WriteAsync(video, _folder.File("plain.png"), new ContactSheetLayout { Labels = false });
        ContactSheetLayout labelled = await sheet.WriteAsync(video, _folder.File("labelled.png"));

        Assert.False(plain.Labels);
        Assert.Equal(9, labelled.Frames);
        Assert.Equal(labelled.Labels, !File.ReadAllBytes(_folder.File("plain.png")).AsSpan().SequenceEqual(File.ReadAllBytes(_folder.File("labelled.png"))));
    }

    [SkippableFact]
    public async Task WriteAsync_FFmpegWithoutText_DrawsPlain()
    {
        const string Probe = """{"streams":[{"codec_type":"video","width":96,"height":64,"avg_frame_rate":"8/1","nb_read_packets":"3"}]}""";
        string script = $$"""
            case "$*" in *-show_streams*) echo '{{Probe}}'; exit 0;; *drawtext*) echo "No such filter: 'drawtext'" >&2; exit 1;; esac
            echo picture > "$OUT"
            """;
        using var programs = new TestFolder();
        FFmpegTool tool = TestFFmpeg.Fake(programs, script);
        File.WriteAllText(_folder.File("x.mp4"), "x");

        ContactSheetLayout drawn = await new ContactSheet(tool).WriteAsync(_folder.File("x.mp4"), _folder.File("sheet.png"));

        Assert.Equal(new ContactSheetLayout { Frames = 3, Columns = 3, Labels = false }, drawn);
        Assert.Equal(["sheet.png", "x.mp4"], _folder.Names);
    }

    [FFmpegFact]
    public async Task WriteAsync_NotAVideo_LeavesNothing()
    {
        File.WriteAllText(_folder.File("notes.txt"), "text");

        await Assert.ThrowsAsync<MediaException>(() => new ContactSheet(TestFFmpeg.Tool).WriteAsync(_folder.File("notes.txt"), _folder.File("sheet.png")));

        Assert.Equal(["notes.txt"], _folder.Names);
    }

    [SkippableFact]
    public async Task WriteAsync_ImpossibleLayout_SaysEveryProblem()
    {
        var sheet = new ContactSheet(TestFFmpeg.Fake(_folder, "exit 9"));

        var error = await Assert.ThrowsAsync<InvalidRequestException>(
            () => sheet.WriteAsync("x.mp4", _folder.File("s.png"), new ContactSheetLayout { Frames = 0, Columns = 0, FrameWidth = 1 }));

        Assert.Equal(3, error.Problems.Count);
    }

    private static byte[] Cell(VideoFrame sheet, int left, int top)
    {
        VideoSize size = TestClip.Size;
        byte[] cell = new byte[VideoFrame.ByteCount(size)];
        for (int y = 0; y < size.Height; y++)
        {
            sheet.Pixels.Span.Slice(3 * (((top + y) * sheet.Size.Width) + left), 3 * size.Width).CopyTo(cell.AsSpan(3 * y * size.Width));
        }

        return cell;
    }
}
