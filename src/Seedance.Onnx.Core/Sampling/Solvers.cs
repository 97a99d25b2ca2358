using static Seedance.Onnx.Sampling.SolverWeights;

namespace Seedance.Onnx.Sampling;

/// <summary>
/// The solvers for dx/dσ = v(x, σ), each a function from a schedule to an immutable plan, computed in double precision.
/// </summary>
/// <remarks>
/// UniPC and DPM-Solver++ work on the data prediction m = x − σ v in half the logarithm of the signal-to-noise ratio,
/// λ = log((1 − σ) / σ), where a flow model has α = 1 − σ.
/// </remarks>
public static class Solvers
{
    private const int MaxOrder = 3;

    /// <summary>The plan of a solver, by its kind.</summary>
    /// <param name="kind">The solver.</param>
    /// <param name="schedule">The noise levels.</param>
    /// <param name="order">The order of the multistep solvers; 2 if not specified. The others have theirs by nature.</param>
    /// <returns>The plan, without guidance.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such solver, or it has no such order.</exception>
    public static SolverPlan Create(SolverKind kind, FlowSchedule schedule, int order = 2) => kind switch
    {
        SolverKind.Euler => Euler(schedule),
        SolverKind.Heun => Heun(schedule),
        SolverKind.UniPC => UniPC(schedule, order),
        SolverKind.DpmSolverPlusPlus => DpmSolverPlusPlus(schedule, order),
        SolverKind.Lcm => Lcm(schedule),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such solver."),
    };

    /// <summary>The most tensors that a solver keeps between evaluations, whatever its order.</summary>
    /// <param name="kind">The solver.</param>
    /// <returns>K: 1 to 4.</returns>
    public static int MostKept(SolverKind kind) => kind switch
    {
        SolverKind.Euler or SolverKind.Lcm => 1,
        SolverKind.Heun => 2,
        SolverKind.UniPC => 1 + MaxOrder,
        _ => MaxOrder,
    };

    /// <summary>Explicit Euler: x' = x + (σ' − σ) v.</summary>
    /// <param name="schedule">The noise levels.</param>
    /// <returns>The plan: K = 1.</returns>
    public static SolverPlan Euler(FlowSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return SolverPlan.Build(schedule, keep: 1, (step, w) =>
        {
            w[0, State(0)] = 1;
            w[0, w.Velocity] = schedule[step + 1] - schedule[step];
        });
    }

    /// <summary>
    /// Heun's method: x̂ = x + Δ v(x, σ), x' = x + Δ/2 (v(x, σ) + v(x̂, σ')) with Δ = σ' − σ. Two evaluations a step, 2 N − 1 in all: the
    /// last step is Euler's, because a model is not asked at the clean end (as Karras et al., "Elucidating the design space of
    /// diffusion-based generative models", 2022, algorithm 1).
    /// </summary>
    /// <param name="schedule">The noise levels.</param>
    /// <returns>The plan: K = 2, the second tensor is the half of the step that is certain.</returns>
    public static SolverPlan Heun(FlowSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return SolverPlan.Build(schedule, keep: 2, (2 * schedule.Steps) - 1, evaluation => (evaluation + 1) / 2, (evaluation, w) =>
        {
            int step = evaluation / 2;
            double delta = schedule[step + 1] - schedule[step];
            if (evaluation % 2 == 1)
            {
                w[0, State(1)] = 1;
                w[0, w.Velocity] = delta / 2;
                return;
            }

            w[0, State(0)] = w[1, State(0)] = 1;
            w[0, w.Velocity] = delta;
            w[1, w.Velocity] = delta / 2;
        });
    }

    /// <summary>
    /// UniPC with B₂(h) = e^h − 1, predicting data (Zhao et al., "UniPC: a unified predictor-corrector framework for fast sampling of
    /// diffusion models", 2023). Each evaluation first corrects the step that led to it, then predicts the next; the order falls to 1
    /// towards the end.
    /// </summary>
    /// <param name="schedule">The noise levels.</param>
    /// <param name="order">The predictor's order p, 1 to 3; 2 if not specified. The corrector adds one.</param>
    /// <returns>The plan: K = 1 + p, the kept tensors are the latents and the last p data predictions, newest first.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="order"/> is not 1 to 3.</exception>
    public static SolverPlan UniPC(FlowSchedule schedule, int order = 2)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        CheckOrder(order);
        int OrderOf(int step) => Math.Min(order, Math.Min(step + 1, schedule.Steps - step));
        return SolverPlan.Build(schedule, keep: 1 + order, (step, w) =>
        {
            KeepPredictions(w, schedule, step);
            w[0, State(0)] = 1;
            if (step > 0)
            {
                // The prediction that led here and its correction scale the latents alike: they differ in data predictions only.
                int lastOrder = OrderOf(step - 1);
                double[] predicted = UniPCWeights.Predictor(schedule, step - 1, lastOrder);
                double[] corrected = UniPCWeights.Corrector(schedule, step - 1, lastOrder);
                AddPrediction(w, schedule, step, age: 0, corrected[lastOrder]);
                for (int age = 0; age < lastOrder; age++)
                {
                    AddPrediction(w, schedule, step, age + 1, corrected[age] - predicted[age]);
                }
            }

            AddTransition(w, schedule, step, UniPCWeights.Predictor(schedule, step, OrderOf(step)));
        });
    }

    /// <summary>
    /// DPM-Solver++ as a multistep method, predicting data: 2M in the midpoint form, or 3M (Lu et al., "DPM-Solver++: fast solver for
    /// guided sampling of diffusion probabilistic models", 2022). The order rises from 1 at the start and falls to 1 at the clean end.
    /// </summary>
    /// <remarks>
    /// The third order is the one of the authors' code and of diffusers, which gives the second derivative half of its Taylor weight: its
    /// error falls with the square of the step, as for 2M.
    /// </remarks>
    /// <param name="schedule">The noise levels.</param>
    /// <param name="order">The order p, 1 to 3; 2 if not specified.</param>
    /// <returns>The plan: K = p, the kept tensors are the latents and the last p − 1 data predictions, newest first.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="order"/> is not 1 to 3.</exception>
    public static SolverPlan DpmSolverPlusPlus(FlowSchedule schedule, int order = 2)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        CheckOrder(order);
        return SolverPlan.Build(schedule, keep: order, (step, w) =>
        {
            KeepPredictions(w, schedule, step);
            w[0, State(0)] = 1;
            AddTransition(w, schedule, step, DpmSolverWeights.Step(schedule, step, OrderOf(step)));
        });

        int OrderOf(int step)
        {
            int left = schedule.Steps - step;
            bool few = schedule.Steps < DpmSolverWeights.FewSteps;
            int most = few || (left == 1 && schedule[schedule.Steps] == 0) ? left : order;
            return Math.Min(Math.Min(order, step + 1), most);
        }
    }

    /// <summary>
    /// Multistep consistency sampling: every step jumps to the data prediction m = x − σ v and adds fresh noise for the next level, x' = (1 − σ') m + σ' ε (Luo et al.,
    /// "Latent consistency models", 2023, algorithm 3, for flow models as diffusers' FlowMatchLCMScheduler has it). With a model that was not distilled for it, clips come out blurred.
    /// </summary>
    /// <param name="schedule">The noise levels.</param>
    /// <returns>The plan: K = 1. Every step but one that ends clean uses noise.</returns>
    public static SolverPlan Lcm(FlowSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return SolverPlan.Build(schedule, keep: 1, (step, w) =>
        {
            w[0, State(0)] = 1 - schedule[step + 1];
            w[0, w.Velocity] = -(1 - schedule[step + 1]) * schedule[step];
            w[0, w.Noise] = schedule[step + 1];
        });
    }

    /// <summary>Rows 1 … K − 1: the data prediction of this step, then those that were kept, each one older.</summary>
    private static void KeepPredictions(SolverWeights w, FlowSchedule schedule, int step)
    {
        if (w.Keep > 1)
        {
            w[1, State(0)] = 1;
            w[1, w.Velocity] = -LambdaSpace.Sigma(schedule, step);
        }

        for (int row = 2; row < w.Keep; row++)
        {
            w[row, State(row - 1)] = 1;
        }
    }

    /// <summary>Adds a multiple of a data prediction to row 0: m = x − σ v of this step (age 0), or one that was kept.</summary>
    private static void AddPrediction(SolverWeights w, FlowSchedule schedule, int step, int age, double weight)
    {
        w[0, State(age)] += weight;
        if (age == 0)
        {
            w[0, w.Velocity] -= weight * LambdaSpace.Sigma(schedule, step);
        }
    }

    /// <summary>Turns row 0 from the latents at σ into those at σ': σ'/σ · x plus data predictions, newest first.</summary>
    private static void AddTransition(SolverWeights w, FlowSchedule schedule, int step, double[] predictions)
    {
        w.Scale(0, schedule[step + 1] / LambdaSpace.Sigma(schedule, step));
        for (int age = 0; age < predictions.Length; age++)
        {
            AddPrediction(w, schedule, step, age, predictions[age]);
        }
    }

    private static void CheckOrder(int order)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, MaxOrder);
    }
}
