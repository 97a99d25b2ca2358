using BenchmarkDotNet.Attributes;

namespace Seedance.Onnx.Sampling;

/// <summary>One sampler update, W · [state; v; noise], against the plain loop over the same matrix.</summary>
[MemoryDiagnoser]
public class SolverStepBenchmarks
{
    private SolverStep _step = null!;
    private float[] _states = [], _velocities = [], _noise = [], _next = [];

    /// <summary>Latents: 11,520 is 2 s of seedance-mini ([24, 5, 8, 12]), 24,107,520 is 5 s of 1080p in Seedance's own shape ([48, 31, 120, 135]).</summary>
    [Params(11_520, 24_107_520)]
    public int Latents { get; set; }

    /// <summary>The solver; all with guidance over two branches.</summary>
    [Params(SolverKind.Euler, SolverKind.UniPC)]
    public SolverKind Solver { get; set; }

    /// <summary>Fills the tensors.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        SolverPlan plan = Solvers.Create(Solver, FlowSchedule.Shifted(8, 3)).WithGuidance(3);
        _step = plan.Steps[4];
        TorchRandom random = new(1);
        (_states, _velocities, _next) = (new float[_step.Keep * Latents], new float[_step.Branches * Latents], new float[_step.Keep * Latents]);
        random.FillNormal(_states);
        random.FillNormal(_velocities);
        _noise = _step.UsesNoise ? new float[Latents] : [];
    }

    /// <summary>The simplest correct code.</summary>
    [Benchmark(Baseline = true)]
    public void PlainLoop()
    {
        for (int row = 0; row < _step.Keep; row++)
        {
            for (int i = 0; i < Latents; i++)
            {
                float sum = 0;
                for (int column = 0; column < _step.Keep; column++)
                {
                    sum += (float)_step[row, column] * _states[(column * Latents) + i];
                }

                for (int branch = 0; branch < _step.Branches; branch++)
                {
                    sum += (float)_step[row, _step.Keep + branch] * _velocities[(branch * Latents) + i];
                }

                _next[(row * Latents) + i] = sum;
            }
        }
    }

    /// <summary>What the sampler does.</summary>
    [Benchmark]
    public void Apply() => _step.Apply(_states, _velocities, _noise, _next);
}
