using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class VideoFrameTests
{
    [Fact]
    public void Constructor_WrongLength_SaysBothNumbers()
    {
        var error = Assert.Throws<ArgumentException>(() => new VideoFrame(new VideoSize(4, 2), new byte[23]));

        Assert.Contains("must have 24 bytes, but has 23", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_Pixels_AreNotCopied()
    {
        byte[] pixels = new byte[24];

        var frame = new VideoFrame(new VideoSize(4, 2), pixels, index: 3, TimeSpan.FromSeconds(1));
        pixels[5] = 9;

        Assert.Equal(9, frame.Pixels.Span[5]);
        Assert.Equal((3, TimeSpan.FromSeconds(1)), (frame.Index, frame.Timestamp));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, -1)]
    [InlineData(100_000, 100_000)]
    public void ByteCount_ImpossibleSize_Throws(int width, int height)
        => Assert.Throws<ArgumentOutOfRangeException>(() => VideoFrame.ByteCount(new VideoSize(width, height)));
}
