namespace Seedance.Onnx.Stages;

/// <summary>Pictures as graphs take them.</summary>
internal static class PixelPlanes
{
    /// <summary>Turns the pixels of a picture into planes.</summary>
    /// <param name="pixels">[H, W, 3] bytes: red, green, blue.</param>
    /// <param name="planes">[3, H, W] in [−1, 1]; filled.</param>
    public static void Fill(ReadOnlySpan<byte> pixels, Span<float> planes)
    {
        int area = planes.Length / 3;
        for (int channel = 0; channel < 3; channel++)
        {
            Span<float> plane = planes.Slice(channel * area, area);
            for (int i = 0; i < plane.Length; i++)
            {
                plane[i] = (pixels[(3 * i) + channel] / 127.5f) - 1;
            }
        }
    }
}
