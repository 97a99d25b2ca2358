using BenchmarkDotNet.Attributes;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx;

/// <summary>Bytes of a frame of 1920x1080 to planes and back, against the formula written out for each of them.</summary>
[MemoryDiagnoser]
public class PixelConversionBenchmarks
{
    private const int Pixels = 1920 * 1080;

    private readonly byte[] _bytes = new byte[PixelPlanes.Colours * Pixels];
    private readonly float[] _planes = new float[PixelPlanes.Colours * Pixels];

    /// <summary>Any frame.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        new Random(1).NextBytes(_bytes);
        FromBytes();
    }

    /// <summary>x = byte / 127.5 − 1, byte by byte.</summary>
    [Benchmark(Baseline = true)]
    public void FromBytesByTheFormula()
    {
        for (int i = 0; i < _bytes.Length; i++)
        {
            _planes[(i % PixelPlanes.Colours * Pixels) + (i / PixelPlanes.Colours)] = (_bytes[i] / 127.5f) - 1;
        }
    }

    /// <summary>As given images, videos to enlarge and videos to score are read.</summary>
    [Benchmark]
    public void FromBytes()
    {
        for (int colour = 0; colour < PixelPlanes.Colours; colour++)
        {
            PixelPlanes.FromBytes(_bytes, colour, _planes.AsSpan(colour * Pixels, Pixels));
        }
    }

    /// <summary>As enlarged frames are written.</summary>
    [Benchmark]
    public void ToBytes()
    {
        for (int colour = 0; colour < PixelPlanes.Colours; colour++)
        {
            PixelPlanes.ToBytes(_planes.AsSpan(colour * Pixels, Pixels), colour, _bytes);
        }
    }

    /// <summary>round((x + 1) · 127.5), cut to a byte, number by number.</summary>
    [Benchmark]
    public void ToBytesByTheFormula()
    {
        for (int i = 0; i < _bytes.Length; i++)
        {
            _bytes[i] = (byte)Math.Clamp(Math.Round((_planes[(i % PixelPlanes.Colours * Pixels) + (i / PixelPlanes.Colours)] + 1) * 127.5f), 0, 255);
        }
    }
}
