using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>Small synthetic pictures, and how near two of them are.</summary>
internal static class TestClip
{
    public static readonly VideoSize Size = new(96, 64);

    /// <summary>A grey-red disc with a soft edge that moves to the right over a soft gradient: little colour, so that 4:2:0 costs little.</summary>
    public static byte[] Frame(int index, VideoSize size)
    {
        byte[] pixels = new byte[VideoFrame.ByteCount(size)];
        double centre = 16 + (4 * index), radius = size.Height / 4.0;
        for (int y = 0; y < size.Height; y++)
        {
            for (int x = 0; x < size.Width; x++)
            {
                double cover = Math.Clamp(0.5 + radius - Math.Sqrt(Math.Pow(x - centre, 2) + Math.Pow(y - (size.Height / 2.0), 2)), 0, 1);
                int at = 3 * ((y * size.Width) + x);
                pixels[at] = Mix(cover, 170, 90 + x);
                pixels[at + 1] = Mix(cover, 140, 90 + y);
                pixels[at + 2] = Mix(cover, 130, 120);
            }
        }

        return pixels;
    }

    public static byte[] Frames(int count, VideoSize size) => [.. Enumerable.Range(0, count).SelectMany(index => Frame(index, size))];

    public static byte[] Solid(VideoSize size, byte red, byte green, byte blue)
        => [.. Enumerable.Range(0, size.Width * size.Height).SelectMany(_ => new[] { red, green, blue })];

    /// <summary>10 · log10(255² / mean squared error) in dB; fails on a length mismatch.</summary>
    public static double Psnr(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double sum = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = expected[i] - actual[i];
            sum += difference * difference;
        }

        return 10 * Math.Log10(255 * 255 / (sum / expected.Length));
    }

    /// <summary>Writes a clip with the real FFmpeg.</summary>
    public static async Task WriteAsync(string path, int frames, VideoSize size, FrameRate rate, VideoEncoding? encoding = null)
    {
        await using var writer = VideoWriter.Open(TestFFmpeg.Tool, path, size, rate, encoding);
        for (int i = 0; i < frames; i++)
        {
            await writer.WriteAsync(Frame(i, size));
        }

        await writer.CompleteAsync();
    }

    /// <summary>The colour at a pixel.</summary>
    public static (byte Red, byte Green, byte Blue) At(VideoFrame frame, int x, int y)
    {
        ReadOnlySpan<byte> pixel = frame.Pixels.Span.Slice(3 * ((y * frame.Size.Width) + x), 3);
        return (pixel[0], pixel[1], pixel[2]);
    }

    private static byte Mix(double cover, double front, double back) => (byte)Math.Round((cover * front) + ((1 - cover) * back));
}
