using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>What an API takes of images.</summary>
/// <param name="ShortestSide">In pixels.</param>
/// <param name="LongestSide">In pixels.</param>
/// <param name="Narrowest">The least width over height, which is too little itself.</param>
/// <param name="Widest">The most width over height, which is too much itself.</param>
internal sealed record ImageRules(int ShortestSide, int LongestSide, double Narrowest, double Widest)
{
    /// <summary>Whether an image keeps to them.</summary>
    public bool Allow(VideoSize size)
    {
        double ratio = (double)size.Width / size.Height;
        return Math.Min(size.Width, size.Height) >= ShortestSide && Math.Max(size.Width, size.Height) <= LongestSide && ratio > Narrowest && ratio < Widest;
    }

    /// <inheritdoc/>
    public override string ToString() => $"sides from {ShortestSide} to {LongestSide} pixels and a width over height between {Narrowest} and {Widest}";
}
