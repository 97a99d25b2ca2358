using System.Text;

namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class PamImageTests
{
    private const string Header = "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n";

    [Fact]
    public void TryReadOnWhite_PremultipliedPixels_FillsWithWhite()
    {
        byte[] pam = [.. Encoding.ASCII.GetBytes(Header), 10, 20, 30, 255, 50, 0, 0, 100];

        bool whole = PamImage.TryReadOnWhite(pam, out VideoFrame? frame);

        Assert.True(whole);
        Assert.Equal([10, 20, 30, 205, 155, 155], frame!.Pixels.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("P7\nWIDTH 2\n")]
    [InlineData(Header + "1234567")]
    [InlineData("P7\nWIDTH 2\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nENDHDR\n12345678")]
    [InlineData("P7\nWIDTH x\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nENDHDR\n12345678")]
    public void TryReadOnWhite_NotAWholePicture_IsFalse(string pam) => Assert.False(PamImage.TryReadOnWhite(Encoding.ASCII.GetBytes(pam), out _));
}
