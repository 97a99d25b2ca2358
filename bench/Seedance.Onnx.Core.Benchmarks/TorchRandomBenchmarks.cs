using BenchmarkDotNet.Attributes;

namespace Seedance.Onnx.Sampling;

/// <summary>The starting noise, against System.Random and Box–Muller one by one.</summary>
[MemoryDiagnoser]
public class TorchRandomBenchmarks
{
    private float[] _noise = [];

    /// <summary>Latents: 11,520 is 2 s of seedance-mini ([24, 5, 8, 12]).</summary>
    [Params(11_520, 1_000_000)]
    public int Latents { get; set; }

    /// <summary>Makes the buffer.</summary>
    [GlobalSetup]
    public void SetUp() => _noise = new float[Latents];

    /// <summary>The simplest correct code.</summary>
    [Benchmark(Baseline = true)]
    public void SystemRandom()
    {
        Random random = new(1);
        for (int i = 0; i < _noise.Length; i++)
        {
            _noise[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
    }

    /// <summary>What the pipeline does: torch's stream, seeded anew.</summary>
    [Benchmark]
    public void FillNormal() => new TorchRandom(1).FillNormal(_noise);
}
