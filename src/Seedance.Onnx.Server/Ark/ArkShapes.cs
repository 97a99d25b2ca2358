using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Server.Ark;

/// <summary>Ark's names for sizes and shapes.</summary>
internal static class ArkShapes
{
    /// <summary>Left to the image.</summary>
    public const string Adaptive = "adaptive";

    // By the logarithm of the ratio: 3:2 is no 4:3, but 864x480 is 16:9.
    private const double SameShape = 0.06;
    private const double SameSize = 0.1;

    private static readonly AspectRatio[] Known = [new(16, 9), new(4, 3), new(1, 1), new(3, 4), new(9, 16), new(21, 9)];
    private static readonly int[] KnownLines = [480, 720, 1080];

    /// <summary>The ratios that a request may name.</summary>
    public static IReadOnlyList<string> Ratios { get; } = [.. Known.Select(ratio => ratio.ToString()), Adaptive];

    /// <summary>The resolutions that a request may name with any pack: where it makes none of this size, its nearest is taken.</summary>
    public static IReadOnlyList<string> Resolutions { get; } = [.. KnownLines.Select(lines => $"{lines}p")];

    /// <summary>The name of a size's resolution.</summary>
    public static string ResolutionOf(VideoSize size)
    {
        int nearest = KnownLines.MinBy(lines => Math.Abs(Distance(lines, size)));
        return Math.Abs(Distance(nearest, size)) <= SameSize ? $"{nearest}p" : $"{Math.Min(size.Width, size.Height)}p";
    }

    /// <summary>The name of a size's shape.</summary>
    public static string RatioOf(VideoSize size)
    {
        AspectRatio known = Known.MinBy(ratio => Math.Abs(Distance(ratio, size)));
        int divisor = Divisor(size.Width, size.Height);
        return (Math.Abs(Distance(known, size)) <= SameShape ? known : new AspectRatio(size.Width / divisor, size.Height / divisor)).ToString();
    }

    private static double Distance(AspectRatio ratio, VideoSize size) => Math.Log((double)ratio.Width * size.Height / ratio.Height / size.Width);

    private static double Distance(int lines, VideoSize size) => Math.Log(lines * lines * 16.0 / 9.0 / size.Width / size.Height);

    private static int Divisor(int a, int b) => b == 0 ? a : Divisor(b, a % b);
}
