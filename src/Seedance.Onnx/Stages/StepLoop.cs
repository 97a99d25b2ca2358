using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>
/// A solver's plan run by a step graph: one run a step, of the branches that count in it. What the solver keeps stays on the device, in two tensors that take turns; the host sends a timestep,
/// a small matrix and the branches' weights, and noise where the plan adds any. Where a pack has two transformers, each step runs the graph of the one that the plan names; where the plan lets steps reuse a
/// velocity, those that can run none. From the third step on a step that runs a graph allocates nothing on the managed heap.
/// </summary>
internal sealed class StepLoop : IDisposable
{
    private readonly SolverPlan _plan;
    private readonly TorchRandom _random;
    private readonly DeviceTensor[] _states = new DeviceTensor[2];
    private readonly List<StepLane> _lanes = [];
    private readonly StepLane[] _laneOf;
    private readonly StepReuse? _reuse;
    private readonly GraphTensor _noise;
    private readonly long[] _shape;

    /// <summary>Begins with noise; nothing has run yet.</summary>
    /// <param name="graph">The step graph; borrowed.</param>
    /// <param name="second">That of the second transformer, on the same device; null where there is none. Borrowed.</param>
    /// <param name="generation">Steps, shape and seed.</param>
    /// <param name="conditions">The graphs' other inputs, which stay the same over all steps; borrowed.</param>
    /// <exception cref="GraphExecutionException">There is not enough memory on the device.</exception>
    public StepLoop(GraphSession graph, GraphSession? second, GenerationPlan generation, StepConditions conditions)
    {
        (SolverPlan plan, LatentShape latents) = (generation.Solver, generation.Latents);
        _plan = plan;
        _laneOf = new StepLane[plan.Steps.Length];
        _random = new TorchRandom(generation.Seed);
        _shape = [plan.Keep, latents.Channels, latents.Frames, latents.Height, latents.Width];
        try
        {
            _reuse = generation.StepCache is { } limit ? new StepReuse(limit, _shape) : null;
            _noise = Noise(graph, plan.Steps.Any(step => step.UsesNoise));
            using (HostTensor start = HostTensor.Allocate(ElementType.Float32, _shape))
            {
                start.AsSpan<float>().Clear();
                _random.FillNormal(start.AsSpan<float>()[..checked((int)latents.Length)]);
                _states[0] = graph.Upload(start);
                _states[1] = graph.Allocate(ElementType.Float32, _shape);
            }

            // One lane for each transformer and set of branches that there is.
            foreach (IGrouping<(string, string), int> steps in Enumerable.Range(0, plan.Steps.Length).GroupBy(step => (generation.Transformers[step], string.Join(' ', plan.Steps[step].Rows))))
            {
                ImmutableArray<int> rows = plan.Steps[steps.First()].Rows;
                StepLane lane = new(steps.Key.Item1 == GraphRoles.SecondTransformer ? second! : graph, plan.Keep, rows.Length, _states, _noise, conditions.Of(rows));
                _lanes.Add(lane);
                foreach (int step in steps)
                {
                    _laneOf[step] = lane;
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many steps are done.</summary>
    public int Done { get; private set; }

    /// <summary>Whether all steps are done.</summary>
    public bool IsDone => Done == _plan.Steps.Length;

    /// <summary>How often a graph ran.</summary>
    public int Runs => _lanes.Sum(lane => lane.Runs);

    /// <summary>How many steps were done without a run.</summary>
    public int Skipped => _reuse?.Skipped ?? 0;

    /// <summary>The time that those runs took.</summary>
    public TimeSpan InRuns => _lanes.Aggregate(TimeSpan.Zero, (sum, lane) => sum + lane.InRuns);

    /// <summary>Does the next step.</summary>
    /// <param name="cancellationToken">Stops it inside the run; the loop cannot go on then.</param>
    public void Advance(CancellationToken cancellationToken)
    {
        SolverStep step = _plan.Steps[Done];
        int from = Done % 2;
        // The last run of a graph is done in any case: it ends the clip, and gives the graph's memory back.
        bool isLast = Done == _plan.Steps.Length - 1 || _laneOf[Done + 1].Graph != _laneOf[Done].Graph;
        if (isLast || _reuse is null || !_reuse.TryAdvance(step, _states[from], _states[1 - from]))
        {
            if (step.UsesNoise)
            {
                _random.FillNormal(((HostTensor)_noise).AsSpan<float>());
            }

            _laneOf[Done].Run(step, from, isLast, cancellationToken);
            _reuse?.Keep(step, _states[1 - from], isLast);
        }

        Done++;
    }

    /// <summary>Copies the latents from the device.</summary>
    /// <returns>[C, f, h, w] float32, at the noise level of the next step; the result after the last.</returns>
    public float[] ReadLatents()
    {
        using HostTensor state = Read(_states[Done % 2]);
        return state.AsSpan<float>()[..checked((int)(state.ElementCount / _plan.Keep))].ToArray();
    }

    /// <summary>What the latents would come to by the step that was done last: a look at the clip while it is being made.</summary>
    /// <param name="destination">[C, f, h, w] float32: where the clean latents go.</param>
    public void PredictClean(Span<float> destination)
    {
        using HostTensor before = Read(_states[(Done - 1) % 2]), after = Read(_states[Done % 2]);
        SolverStep step = _plan.Steps[Done - 1];
        step.PredictClean(before.AsSpan<float>(), after.AsSpan<float>(), step.UsesNoise ? ((HostTensor)_noise).AsSpan<float>() : [], destination);
    }

    public void Dispose()
    {
        // Some are not there yet where the constructor failed.
        foreach (IDisposable? owned in _lanes.Concat<IDisposable?>(_states))
        {
            owned?.Dispose();
        }

        _reuse?.Dispose();
        _noise?.Dispose();
    }

    private HostTensor Read(DeviceTensor state)
    {
        HostTensor copy = HostTensor.Allocate(ElementType.Float32, _shape);
        state.CopyTo(copy);
        return copy;
    }

    /// <summary>Where fresh noise goes before a step; zeros on the device for a plan that adds none, because the graph reads them in any case.</summary>
    private GraphTensor Noise(GraphSession graph, bool isUsed)
    {
        HostTensor noise = HostTensor.Allocate(ElementType.Float32, [1, .. _shape[1..]]);
        noise.AsSpan<float>().Clear();
        if (isUsed)
        {
            return noise;
        }

        using (noise)
        {
            return graph.Upload(noise);
        }
    }
}
