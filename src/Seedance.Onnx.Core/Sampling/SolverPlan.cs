using System.Collections.Immutable;

namespace Seedance.Onnx.Sampling;

/// <summary>
/// What a solver does, as data: for each evaluation of the transformer, the noise level and one small matrix. Every solver for flow
/// models that is linear in the latents it kept, the velocities and noise is such a list, and so is guidance. Immutable.
/// </summary>
public sealed class SolverPlan
{
    private SolverPlan(ImmutableArray<SolverStep> steps, int branches)
    {
        Steps = steps;
        Branches = branches;
    }

    /// <summary>The evaluations in order, at least one. A solver may need more than one for a step of the schedule.</summary>
    public ImmutableArray<SolverStep> Steps { get; }

    /// <summary>K: kept tensors, the same in all steps. Before the first step, tensor 0 is the starting noise and the others are 0; after the last, tensor 0 is the result.</summary>
    public int Keep => Steps[0].Keep;

    /// <summary>How many guided branches there are, of which each step runs those that count in it (<see cref="SolverStep.Rows"/>); 1 without guidance.</summary>
    public int Branches { get; }

    /// <summary>Builds a plan with one evaluation for each step of a schedule.</summary>
    /// <param name="schedule">The noise levels.</param>
    /// <param name="keep">K: tensors that are kept between steps, at least 1.</param>
    /// <param name="fill">Fills the matrix of a step, given its index.</param>
    /// <returns>The plan, without guidance.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="keep"/> is below 1.</exception>
    public static SolverPlan Build(FlowSchedule schedule, int keep, Action<int, SolverWeights> fill)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return Build(schedule, keep, schedule.Steps, evaluation => evaluation, fill);
    }

    /// <summary>Builds a plan whose evaluations are not one for each step of the schedule.</summary>
    /// <param name="schedule">The noise levels.</param>
    /// <param name="keep">K: tensors that are kept between evaluations, at least 1.</param>
    /// <param name="evaluations">How many evaluations there are, at least 1.</param>
    /// <param name="stepOf">The index, below <see cref="FlowSchedule.Steps"/>, of the noise level of an evaluation.</param>
    /// <param name="fill">Fills the matrix of an evaluation, given its index.</param>
    /// <returns>The plan, without guidance.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="keep"/> or <paramref name="evaluations"/> is below 1.</exception>
    public static SolverPlan Build(FlowSchedule schedule, int keep, int evaluations, Func<int, int> stepOf, Action<int, SolverWeights> fill)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(stepOf);
        ArgumentNullException.ThrowIfNull(fill);
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(evaluations, 1);
        ImmutableArray<SolverStep>.Builder steps = ImmutableArray.CreateBuilder<SolverStep>(evaluations);
        for (int evaluation = 0; evaluation < evaluations; evaluation++)
        {
            var weights = new SolverWeights(keep);
            fill(evaluation, weights);
            int step = stepOf(evaluation);
            steps.Add(new SolverStep(schedule[step], schedule.Timesteps[step], keep, rows: [0], weights.Values, guidance: [1]));
        }

        return new SolverPlan(steps.MoveToImmutable(), branches: 1);
    }

    /// <summary>
    /// Folds classifier-free guidance in: v = v_0 + guidance · (v_1 − v_0), where branch 0 is the negative prompt and branch 1 the prompt
    /// (Ho and Salimans, "Classifier-free diffusion guidance", 2022).
    /// </summary>
    /// <param name="guidance">The guidance scale; 1 counts the prompt alone.</param>
    /// <returns>A plan with two branches.</returns>
    /// <exception cref="InvalidOperationException">Guidance is in the plan already.</exception>
    public SolverPlan WithGuidance(double guidance) => WithGuidance(2, (_, weights) =>
    {
        weights[0] = 1 - guidance;
        weights[1] = guidance;
    });

    /// <summary>Folds guidance over several branches in, with weights that may change from step to step. A branch whose weight is 0 is not run in that step.</summary>
    /// <param name="branches">G: how many branches there are, at least 1.</param>
    /// <param name="weigh">Sets the branches' weights at a step.</param>
    /// <returns>A plan with G branches.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="branches"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">Guidance is in the plan already.</exception>
    public SolverPlan WithGuidance(int branches, GuidanceWeights weigh) => WithGuidance(branches, rescale: 0, weigh);

    /// <inheritdoc cref="WithGuidance(int, GuidanceWeights)"/>
    /// <param name="branches">G: how many branches there are, at least 1. The last is the one that guidance leads to.</param>
    /// <param name="rescale">φ of <see cref="GuidanceRescale"/>, from 0 to 1; steps where only the last branch counts are left alone, and the others run it in any case.</param>
    /// <param name="weigh">Sets the branches' weights at a step.</param>
    public SolverPlan WithGuidance(int branches, double rescale, GuidanceWeights weigh)
    {
        ArgumentNullException.ThrowIfNull(weigh);
        ArgumentOutOfRangeException.ThrowIfLessThan(branches, 1);
        if (!(rescale is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rescale), rescale, $"The rescale must be from 0 to 1, but is {rescale}.");
        }

        return Branches == 1
            ? new SolverPlan([.. Steps.Select(step => Guide(step, branches, rescale, weigh))], branches)
            : throw new InvalidOperationException($"Guidance must be folded into a plan of one branch, but the plan has {Branches}.");
    }

    /// <summary>
    /// Keeps one tensor more, the last: the guided velocity of the evaluation before. <see cref="SolverStep.Reusing"/> then does a step without a run of the transformer.
    /// </summary>
    /// <returns>A plan with K + 1 kept tensors and the same latents.</returns>
    public SolverPlan KeepingVelocity() => new([.. Steps.Select(step => step.KeepingVelocity())], Branches);

    private static SolverStep Guide(SolverStep step, int branches, double rescale, GuidanceWeights weigh)
    {
        double[] all = new double[branches];
        weigh(step, all);
        bool guides = all.AsSpan(0, branches - 1).ContainsAnyExcept(0);
        // What is scaled is brought back to the last branch, and one branch must be run.
        bool needsLast = (guides && rescale > 0) || !all.AsSpan().ContainsAnyExcept(0);
        ImmutableArray<int> rows = [.. Enumerable.Range(0, branches).Where(branch => all[branch] != 0 || (needsLast && branch == branches - 1))];
        double[] branchWeights = [.. rows.Select(branch => all[branch])];
        int keep = step.Keep, columns = keep + rows.Length + 1;
        double[] guided = new double[keep * columns];
        for (int row = 0; row < keep; row++)
        {
            Span<double> target = guided.AsSpan(row * columns, columns);
            step.Weights.Slice(row * step.Columns, keep).CopyTo(target);
            for (int branch = 0; branch < rows.Length; branch++)
            {
                target[keep + branch] = step[row, keep] * branchWeights[branch];
            }

            target[^1] = step[row, keep + 1];
        }

        return new SolverStep(step.Sigma, step.Timestep, keep, rows, guided, branchWeights, guides ? rescale : 0);
    }
}
