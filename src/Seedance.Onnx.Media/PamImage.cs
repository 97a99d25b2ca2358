using System.Text;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>Netpbm's PAM: the one raw format of FFmpeg that says how large its picture is.</summary>
internal static class PamImage
{
    private const int MaxHeaderBytes = 256;
    private const int Depth = 4;

    /// <summary>The most bytes that a picture takes.</summary>
    public static long MaxBytes(long pixels) => MaxHeaderBytes + (Depth * pixels);

    /// <summary>Reads an RGBA picture whose colours are multiplied by their alpha, and lays it on white.</summary>
    /// <param name="pam">One PAM file.</param>
    /// <param name="frame">The picture, when the answer is true.</param>
    /// <returns>Whether <paramref name="pam"/> holds a whole picture.</returns>
    public static bool TryReadOnWhite(ReadOnlySpan<byte> pam, out VideoFrame? frame)
    {
        frame = null;
        ReadOnlySpan<byte> end = "ENDHDR\n"u8;
        int header = pam[..Math.Min(pam.Length, MaxHeaderBytes)].IndexOf(end);
        if (header < 0)
        {
            return false;
        }

        Dictionary<string, string> fields = Encoding.ASCII.GetString(pam[..header]).Split('\n')
            .Select(line => line.Split(' ')).Where(words => words.Length == 2).ToDictionary(words => words[0], words => words[1]);
        if (fields.GetValueOrDefault("DEPTH") != $"{Depth}" || fields.GetValueOrDefault("MAXVAL") != "255"
            || !int.TryParse(fields.GetValueOrDefault("WIDTH"), out int width) || !int.TryParse(fields.GetValueOrDefault("HEIGHT"), out int height))
        {
            return false;
        }

        ReadOnlySpan<byte> rgba = pam[(header + end.Length)..];
        if (rgba.Length < (long)Depth * width * height)
        {
            return false;
        }

        var size = new VideoSize(width, height);
        byte[] rgb = GC.AllocateUninitializedArray<byte>(VideoFrame.ByteCount(size));
        for (int to = 0, from = 0; to < rgb.Length; to += 3, from += Depth)
        {
            int white = 255 - rgba[from + 3];
            rgb[to] = (byte)Math.Min(255, rgba[from] + white);
            rgb[to + 1] = (byte)Math.Min(255, rgba[from + 1] + white);
            rgb[to + 2] = (byte)Math.Min(255, rgba[from + 2] + white);
        }

        frame = new VideoFrame(size, rgb);
        return true;
    }
}
