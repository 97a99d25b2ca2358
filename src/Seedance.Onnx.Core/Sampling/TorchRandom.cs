namespace Seedance.Onnx.Sampling;

/// <summary>
/// The noise of PyTorch's CPU generator: after torch.Generator("cpu").manual_seed(seed), <see cref="FillUniform"/> gives the values of
/// torch.rand bit for bit and <see cref="FillNormal"/> those of torch.randn to 1e-6, draw after draw, so that a seed makes the same
/// clip here as there, on every device. Allocates nothing after construction. Not safe for several threads at once.
/// </summary>
/// <remarks>
/// Follows PyTorch's sources: aten/src/ATen/core/MT19937RNGEngine.h (the generator), core/TransformationHelper.h and
/// core/DistributionsHelper.h (uniform numbers and the scalar normal), native/cpu/DistributionTemplates.h (normals by the block). Both
/// normals are Box and Muller's ("A note on the generation of random normal deviates", 1958).
/// </remarks>
public sealed class TorchRandom
{
    private const int Block = 16;

    private readonly MersenneTwister _bits;
    private double _spareNormal = double.NaN;

    /// <summary>Seeds a generator.</summary>
    /// <param name="seed">The seed. As in PyTorch, only its low 32 bits count.</param>
    public TorchRandom(ulong seed)
    {
        _bits = new MersenneTwister((uint)(seed & uint.MaxValue));
    }

    /// <summary>Draws uniform numbers, as torch.rand(n) does.</summary>
    /// <param name="destination">[n] float32: where they go; from 0 up to but not including 1, in steps of 2^−24.</param>
    public void FillUniform(Span<float> destination)
    {
        foreach (ref float value in destination)
        {
            value = NextSingle();
        }
    }

    /// <summary>
    /// Draws standard normal numbers, as torch.randn(n) does. 16 or more come in blocks of 16, where the last 16 are drawn anew if n
    /// is no multiple of 16; fewer come one by one in double precision, two from each pair, and an odd one out is kept for the next draw
    /// of fewer than 16.
    /// </summary>
    /// <param name="destination">[n] float32: where they go.</param>
    public void FillNormal(Span<float> destination)
    {
        if (destination.Length < Block)
        {
            foreach (ref float value in destination)
            {
                value = (float)NextNormal();
            }

            return;
        }

        FillUniform(destination);
        for (int start = 0; start <= destination.Length - Block; start += Block)
        {
            UniformToNormal(destination.Slice(start, Block));
        }

        if (destination.Length % Block != 0)
        {
            Span<float> tail = destination[^Block..];
            FillUniform(tail);
            UniformToNormal(tail);
        }
    }

    /// <summary>16 uniform numbers to 16 normal ones: the radius from the first eight, the angle from the last eight.</summary>
    private static void UniformToNormal(Span<float> block)
    {
        for (int i = 0; i < Block / 2; i++)
        {
            float radius = MathF.Sqrt(-2 * MathF.Log(1 - block[i]));
            float angle = MathF.Tau * block[i + (Block / 2)];
            block[i] = radius * MathF.Cos(angle);
            block[i + (Block / 2)] = radius * MathF.Sin(angle);
        }
    }

    private float NextSingle() => (_bits.NextUInt32() & 0xffffff) * (1f / 0x1000000);

    private double NextDouble()
    {
        ulong high = _bits.NextUInt32();
        ulong bits = (high << 32) | _bits.NextUInt32();
        return (bits & 0x1f_ffff_ffff_ffff) * (1.0 / 0x20_0000_0000_0000);
    }

    private double NextNormal()
    {
        double normal = _spareNormal;
        _spareNormal = double.NaN;
        if (double.IsNaN(normal))
        {
            double angle = Math.Tau * NextDouble();
            double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
            normal = radius * Math.Cos(angle);
            _spareNormal = radius * Math.Sin(angle);
        }

        return normal;
    }
}
