namespace Seedance.Onnx;

/// <summary>What a pack's reward graph thinks of a video, each from 0 (bad) to 1 (good).</summary>
/// <param name="Seed">The seed that it was made with.</param>
/// <param name="Alignment">Whether it shows what the words say.</param>
/// <param name="Structure">Whether things keep their shape.</param>
/// <param name="Motion">Whether it moves, and smoothly.</param>
/// <param name="Aesthetics">Whether single frames are good to look at.</param>
public sealed record VideoScore(ulong Seed, double Alignment, double Structure, double Motion, double Aesthetics)
{
    /// <summary>The mean of the four.</summary>
    public double Total => (Alignment + Structure + Motion + Aesthetics) / 4;
}
