namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class VideoFormatTests
{
    [Theory]
    [InlineData("a.mp4", "MP4")]
    [InlineData("/x.y/ä.MP4", "MP4")]
    [InlineData("a.webm", "WebM")]
    [InlineData("a.b.gif", "GIF")]
    public void FromPath_KnownExtension_IsItsFormat(string path, string format) => Assert.Equal(format, VideoFormat.FromPath(path).Name);

    [Theory]
    [InlineData("a.mkv", "but ends in .mkv.")]
    [InlineData("a.png", "but ends in .png.")]
    [InlineData("a", "but has no extension.")]
    public void FromPath_OtherExtension_SaysWhichThereAre(string path, string actual)
    {
        var error = Assert.Throws<InvalidRequestException>(() => VideoFormat.FromPath(path));

        Assert.Contains($"Output '{path}' must end in .mp4, .webm, .gif, or in / for a folder of PNG pictures, {actual}", error.Message, StringComparison.Ordinal);
    }
}
