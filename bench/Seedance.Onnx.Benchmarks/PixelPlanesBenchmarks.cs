using BenchmarkDotNet.Attributes;

namespace Seedance.Onnx.Stages;

/// <summary>A given picture becomes planes of numbers, against one loop over all of them.</summary>
[MemoryDiagnoser]
public class PixelPlanesBenchmarks
{
    private byte[] _pixels = [];
    private float[] _planes = [];

    /// <summary>Pixels of the picture: those of the shipped pack's frame, and of 1080p.</summary>
    [Params(96 * 64, 1920 * 1080)]
    public int Pixels { get; set; }

    /// <summary>Makes the picture.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _pixels = [.. Enumerable.Range(0, 3 * Pixels).Select(i => (byte)(i % 251))];
        _planes = new float[3 * Pixels];
    }

    /// <summary>The simplest correct code.</summary>
    [Benchmark(Baseline = true)]
    public void PlainLoop()
    {
        for (int i = 0; i < _planes.Length; i++)
        {
            _planes[i] = (_pixels[(3 * (i % Pixels)) + (i / Pixels)] / 127.5f) - 1;
        }
    }

    /// <summary>What the pipeline does.</summary>
    [Benchmark]
    public void Fill() => PixelPlanes.Fill(_pixels, _planes);
}
