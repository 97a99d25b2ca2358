using System.Collections.Immutable;
using System.Numerics.Tensors;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>
/// A solver's plan run by a step graph: one run a step, of the branches that count in it, or on the processor a run for each of them side by side. What the solver keeps stays on the device, in two tensors that take turns; the host sends a timestep,
/// a small matrix and the branches' weights, and noise where the plan adds any. Where a pack has two transformers, each step runs the graph of the one that the plan names; where the plan lets steps reuse a
/// velocity, those that can run none; where it has several ways, one is chosen behind the steps that they have in common. From the third step on a step that runs a graph allocates nothing on the managed heap, but for the two that a way is chosen by.
/// </summary>
internal sealed class StepLoop : IDisposable
{
    private readonly ImmutableArray<PlannedSteps> _ways;
    private readonly AdaptivePlan? _adaptive;
    private readonly VelocityTurn? _turn;
    private readonly TorchRandom _random;
    private readonly DeviceTensor[] _states = new DeviceTensor[2];
    private readonly List<IStepLane> _lanes = [];
    private readonly IStepLane[][] _lanesOf;
    private readonly StepReuse? _reuse;
    private readonly GraphTensor _noise;
    private readonly long[] _shape;
    private int _way;

    /// <summary>Begins with noise; nothing has run yet.</summary>
    /// <param name="graph">The step graph; borrowed.</param>
    /// <param name="second">That of the second transformer, on the same device; null where there is none. Borrowed.</param>
    /// <param name="generation">Steps, shape and seed.</param>
    /// <param name="conditions">The graphs' other inputs, which stay the same over all steps; borrowed.</param>
    /// <exception cref="GraphExecutionException">There is not enough memory on the device.</exception>
    public StepLoop(GraphSession graph, GraphSession? second, GenerationPlan generation, StepConditions conditions)
    {
        LatentShape latents = generation.Latents;
        (_ways, _adaptive) = (generation.Ways, generation.Adaptive);
        // The one with all steps, until another is chosen.
        _way = _ways.Length - 1;
        _turn = _adaptive is null ? null : new VelocityTurn(checked((int)latents.Length));
        _random = new TorchRandom(generation.Seed);
        _shape = [Keep, latents.Channels, latents.Frames, latents.Height, latents.Width];
        try
        {
            _reuse = generation.StepCache is { } limit ? new StepReuse(limit, _shape) : null;
            _noise = Noise(graph, generation.Solver.Steps.Any(step => step.UsesNoise));
            using (HostTensor start = HostTensor.Allocate(ElementType.Float32, _shape))
            {
                start.AsSpan<float>().Clear();
                Span<float> first = start.AsSpan<float>()[..checked((int)latents.Length)];
                _random.FillNormal(first);
                TensorPrimitives.Multiply(first, (float)generation.NoiseScale, first);
                _states[0] = graph.Upload(start);
                _states[1] = graph.Allocate(ElementType.Float32, _shape);
            }

            // One lane for each transformer and set of branches that there is.
            Dictionary<(string, string), IStepLane> lanes = [];
            _lanesOf = [.. _ways.Select(way => way.Solver.Steps.Zip(way.Transformers, LaneOf).ToArray())];

            IStepLane LaneOf(SolverStep step, string role)
            {
                (string, string) key = (role, string.Join(' ', step.Rows));
                if (!lanes.TryGetValue(key, out IStepLane? lane))
                {
                    GraphSession own = role == GraphRoles.SecondTransformer ? second! : graph;
                    lane = own.Target.RunsAtOnce > 1 && step.Branches > 1
                        ? new SideBySideLane(own, _states, _noise, [.. step.Rows.Select(row => conditions.Of([row]))])
                        : new StepLane(own, step.Branches, _states, _noise, conditions.Of(step.Rows));
                    _lanes.Add(lane);
                    lanes.Add(key, lane);
                }

                return lane;
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

    /// <summary>How many steps there are: the most that there may be, until a way is chosen.</summary>
    public int Count => Steps.Length;

    /// <summary>Whether all steps are done.</summary>
    public bool IsDone => Done == Count;

    /// <summary>How many steps ran a graph.</summary>
    public int Runs => _lanes.Sum(lane => lane.Runs);

    /// <summary>How many of the most steps were done without a run, or not at all.</summary>
    public int Skipped => _ways[^1].Solver.Steps.Length - Count + (_reuse?.Skipped ?? 0);

    /// <summary>The time that those runs took.</summary>
    public TimeSpan InRuns => _lanes.Aggregate(TimeSpan.Zero, (sum, lane) => sum + lane.InRuns);

    private ImmutableArray<SolverStep> Steps => _ways[_way].Solver.Steps;

    private int Keep => _ways[^1].Solver.Keep;

    /// <summary>Does the next step.</summary>
    /// <param name="cancellationToken">Stops it inside the run; the loop cannot go on then.</param>
    public void Advance(CancellationToken cancellationToken)
    {
        SolverStep step = Steps[Done];
        IStepLane[] lanes = _lanesOf[_way];
        int from = Done % 2;
        // The last run of a graph is done in any case: it ends the clip, and gives the graph's memory back. So are those that a way is chosen by.
        bool isLast = Done == Count - 1 || lanes[Done + 1].Graph != lanes[Done].Graph, isFirst = _adaptive is not null && Done < _adaptive.Common;
        if (isLast || isFirst || _reuse is null || !_reuse.TryAdvance(step, _states[from], _states[1 - from]))
        {
            if (step.UsesNoise)
            {
                _random.FillNormal(((HostTensor)_noise).AsSpan<float>());
            }

            lanes[Done].Run(step, from, isLast, cancellationToken);
            _reuse?.Keep(step, _states[1 - from], isLast);
        }

        Done++;
        if (isFirst && Done >= _adaptive!.Common - 1)
        {
            Watch(step, _turn!, isLast);
            _way = Done == _adaptive.Common ? _adaptive.Choose(_turn!) : _way;
        }
    }

    /// <summary>Copies the latents from the device.</summary>
    /// <returns>[C, f, h, w] float32, at the noise level of the next step; the result after the last.</returns>
    public float[] ReadLatents()
    {
        using HostTensor state = Read(_states[Done % 2]);
        return state.AsSpan<float>()[..checked((int)(state.ElementCount / Keep))].ToArray();
    }

    /// <summary>What the latents would come to by the step that was done last: a look at the clip while it is being made.</summary>
    /// <param name="destination">[C, f, h, w] float32: where the clean latents go.</param>
    public void PredictClean(Span<float> destination)
    {
        using HostTensor before = Read(_states[(Done - 1) % 2]), after = Read(_states[Done % 2]);
        SolverStep step = Steps[Done - 1];
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

    /// <summary>Keeps the velocity of the step that was done last: v = (x − m) / σ.</summary>
    /// <param name="step">The step; it adds no noise.</param>
    /// <param name="turn">Where it is kept.</param>
    /// <param name="isLast">Whether another transformer follows, which turns otherwise.</param>
    private void Watch(SolverStep step, VelocityTurn turn, bool isLast)
    {
        using HostTensor before = Read(_states[(Done - 1) % 2]), after = Read(_states[Done % 2]);
        ReadOnlySpan<float> x = before.AsSpan<float>();
        float[] velocity = new float[x.Length / Keep];
        step.PredictClean(x, after.AsSpan<float>(), [], velocity);
        for (int i = 0; i < velocity.Length; i++)
        {
            velocity[i] = (float)((x[i] - velocity[i]) / step.Sigma);
        }

        turn.Keep(step, velocity);
        if (isLast)
        {
            turn.Forget();
        }
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
