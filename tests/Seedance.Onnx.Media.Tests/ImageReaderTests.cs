using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class ImageReaderTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [FFmpegFact]
    public async Task ReadAsync_PngOfOurs_IsBitEqual()
    {
        var size = new VideoSize(95, 63);
        string path = _folder.File("图片.png");
        byte[] pixels = new byte[VideoFrame.ByteCount(size)];
        new Random(7).NextBytes(pixels);
        await new ImageWriter(TestFFmpeg.Tool).WriteAsync(path, new VideoFrame(size, pixels));

        VideoFrame read = await new ImageReader(TestFFmpeg.Tool).ReadAsync(path);
        VideoFrame sized = await new ImageReader(TestFFmpeg.Tool).ReadAsync(path, size);

        Assert.Equal(["图片.png"], _folder.Names);
        Assert.Equal(size, read.Size);
        Assert.Equal(pixels, read.Pixels.ToArray());
        Assert.Equal(pixels, sized.Pixels.ToArray());
    }

    [FFmpegTheory]
    [InlineData("x.jpg", 38)]
    [InlineData("x.webp", 38)]
    [InlineData("x.bmp", 38)]
    [InlineData("x.tiff", 38)]
    [InlineData("x.exr", 30)]
    [InlineData("x.gif", 30)]
    [InlineData("x.ppm", 38)]
    public async Task ReadAsync_CommonFormat_IsNearTheSource(string name, double leastDecibel)
    {
        string path = _folder.File(name);
        await TestFFmpeg.RunAsync("-f", "lavfi", "-i", "color=0x806050:s=96x64", "-frames:v", "1", "-update", "1", "file:" + path);

        VideoFrame frame = await new ImageReader(TestFFmpeg.Tool).ReadAsync(path, new VideoSize(48, 32));

        Assert.InRange(TestClip.Psnr(TestClip.Solid(frame.Size, 0x80, 0x60, 0x50), frame.Pixels.Span), leastDecibel, double.PositiveInfinity);
    }

    [FFmpegFact]
    public async Task ReadAsync_OtherRatio_CropsAroundTheCentre()
    {
        // Left third red, middle green, right blue.
        string path = _folder.File("wide.png");
        await TestFFmpeg.RunAsync("-f", "lavfi", "-i", "color=red:s=192x64,format=rgb24", "-vf",
            "drawbox=x=64:w=64:h=64:c=0x00FF00:t=fill,drawbox=x=128:w=64:h=64:c=blue:t=fill", "-frames:v", "1", "-update", "1", "file:" + path);

        VideoFrame frame = await new ImageReader(TestFFmpeg.Tool).ReadAsync(path, new VideoSize(32, 32));

        Assert.Equal(TestClip.Solid(frame.Size, 0, 255, 0), frame.Pixels.ToArray());
    }

    [FFmpegTheory]
    [InlineData(1, 0, 63, 0)]
    [InlineData(3, 63, 0, 31)]
    [InlineData(6, 31, 31, 0)]
    [InlineData(8, 0, 0, 63)]
    public async Task ReadAsync_ExifOrientation_IsTurnedUpright(byte orientation, int redX, int blueX, int blueY)
    {
        // Stored 64x32: left half red, right half blue.
        string path = _folder.File("turned.jpg");
        await TestFFmpeg.RunAsync("-f", "lavfi", "-i", "color=red:s=64x32", "-vf", "drawbox=x=32:w=32:h=32:c=blue:t=fill", "-frames:v", "1", "-q:v", "2",
            "-update", "1", "file:" + path);
        byte[] jpeg = File.ReadAllBytes(path);
        byte[] exif = [0xFF, 0xE1, 0, 34, .. "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"u8, orientation, 0, 0, 0, 0, 0, 0];

        VideoFrame frame = await new ImageReader(TestFFmpeg.Tool).ReadAsync((byte[])[.. jpeg[..2], .. exif, .. jpeg[2..]], "turned.jpg");

        Assert.Equal(orientation < 5 ? new VideoSize(64, 32) : new VideoSize(32, 64), frame.Size);
        Assert.True(TestClip.At(frame, redX, orientation == 8 ? 63 : 0) is { Red: > 200, Blue: < 60 });
        Assert.True(TestClip.At(frame, blueX, orientation == 6 ? 63 : orientation == 8 ? 0 : Math.Min(blueY, 31)) is { Blue: > 200, Red: < 60 });
    }

    [FFmpegFact]
    public async Task ReadAsync_Transparent_LiesOnWhiteWithoutFringes()
    {
        // Left half opaque red, then half-transparent orange, then transparent with green hidden underneath.
        string raw = _folder.File("alpha.rgba"), path = _folder.File("alpha.png");
        File.WriteAllBytes(raw, [.. Enumerable.Range(0, 64 * 64).SelectMany(i => (i % 64) switch { < 32 => new byte[] { 255, 0, 0, 255 }, < 48 => [200, 100, 0, 128], _ => [0, 255, 0, 0] })]);
        await TestFFmpeg.RunAsync("-f", "rawvideo", "-pixel_format", "rgba", "-video_size", "64x64", "-i", "file:" + raw, "-frames:v", "1", "-update", "1",
            "file:" + path);

        VideoFrame whole = await new ImageReader(TestFFmpeg.Tool).ReadAsync(path), small = await new ImageReader(TestFFmpeg.Tool).ReadAsync(path, new VideoSize(16, 16));

        Assert.Equal((255, 0, 0), TestClip.At(whole, 8, 8));
        Assert.True(TestClip.At(whole, 40, 8) is { Red: >= 226 and <= 228, Green: >= 176 and <= 178, Blue: >= 126 and <= 128 }); // (227, 177, 127), give or take a rounding.
        Assert.Equal((255, 255, 255), TestClip.At(whole, 56, 8));
        Assert.All(Enumerable.Range(0, 16), x => Assert.InRange(TestClip.At(small, x, 8).Red, 210, 255));
    }

    [FFmpegTheory]
    [InlineData("x.png")]
    [InlineData("x.jpg")]
    [InlineData("x.webp")]
    [InlineData("x.tiff")]
    [InlineData("x.bmp")]
    public async Task ReadAsync_CutOff_IsRefused(string name)
    {
        string path = _folder.File(name);
        await TestFFmpeg.RunAsync("-f", "lavfi", "-i", "testsrc2=s=320x240", "-frames:v", "1", "-update", "1", "file:" + path);
        byte[] whole = File.ReadAllBytes(path);

        var error = await Assert.ThrowsAsync<MediaException>(() => new ImageReader(TestFFmpeg.Tool).ReadAsync(whole.AsMemory(0, whole.Length / 2), name));

        Assert.Contains($"Image '{name}' must be an image that FFmpeg can decode", error.Message, StringComparison.Ordinal);
    }

    [FFmpegTheory]
    [InlineData("just text\n")]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n")]
    [InlineData("ffconcat version 1.0\nfile /etc/hostname\n")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><image href='file:///etc/hostname'/></svg>")]
    public async Task ReadAsync_NoImage_IsRefused(string content)
    {
        string path = _folder.File("fake.png");
        File.WriteAllText(path, content);

        var error = await Assert.ThrowsAsync<MediaException>(() => new ImageReader(TestFFmpeg.Tool).ReadAsync(path));

        Assert.Contains("must be an image", error.Message, StringComparison.Ordinal);
    }

    [FFmpegFact]
    public async Task ReadAsync_TooManyPixels_SaysHowMany()
    {
        string path = _folder.File("large.png");
        await TestFFmpeg.RunAsync("-f", "lavfi", "-i", "color=red:s=200x100", "-frames:v", "1", "-update", "1", "file:" + path);
        var reader = new ImageReader(TestFFmpeg.Tool, new MediaLimits { MaxPixels = 10_000 });

        var error = await Assert.ThrowsAsync<MediaException>(() => reader.ReadAsync(path));

        Assert.Contains("must have at most 10000 pixels, but is 200x100", error.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(0, "from 1 to 10 bytes, but has 0")]
    [InlineData(11, "from 1 to 10 bytes, but has 11")]
    public async Task ReadAsync_FileOfWrongLength_StartsNothing(int bytes, string reason)
    {
        File.WriteAllBytes(_folder.File("x.png"), new byte[bytes]);
        var reader = new ImageReader(TestFFmpeg.Fake(_folder, "exit 9"), new MediaLimits { MaxImageBytes = 10 });

        var error = await Assert.ThrowsAsync<MediaException>(() => reader.ReadAsync(_folder.File("x.png")));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("missing.png")]
    [InlineData(".")]
    public async Task ReadAsync_NoFile_NamesIt(string name)
    {
        var reader = new ImageReader(TestFFmpeg.Fake(_folder, "exit 9"));

        var error = await Assert.ThrowsAsync<MediaException>(() => reader.ReadAsync(_folder.File(name)));

        Assert.Contains(_folder.File(name), error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task ReadAsync_Cancelled_ThrowsWithTheToken()
    {
        var reader = new ImageReader(TestFFmpeg.Fake(_folder, "sleep 1000"));
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => reader.ReadAsync(new byte[1 << 20], "x", size: null, cancel.Token).WaitAsync(TimeSpan.FromSeconds(10)));

        Assert.Equal(cancel.Token, error.CancellationToken);
    }
}
