using System.Collections.Immutable;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>
/// Ways from noise to latents with fewer steps and with more, of which one is taken while a plan is carried out. They begin alike, with the first of the most steps, in which it is settled what stands where; behind
/// them each leaves other levels out. The fewest steps are taken on whose first wide one the velocity is expected to turn by at most a share of itself. Immutable.
/// </summary>
public sealed record AdaptivePlan
{
    /// <summary>Behind the first steps every third level, or every second, or each.</summary>
    private static readonly ImmutableArray<int> Strides = [3, 2];

    private AdaptivePlan(double share, ImmutableArray<PlannedSteps> ways, int common)
    {
        Share = share;
        Ways = ways;
        Common = common;
    }

    /// <summary>The share of itself by which the velocity may turn, above 0.</summary>
    public double Share { get; }

    /// <summary>The ways, the one with the fewest steps first; two or more. The last has the steps that were asked for.</summary>
    public ImmutableArray<PlannedSteps> Ways { get; }

    /// <summary>How many evaluations all ways have in common, at least 2: the way is chosen behind them.</summary>
    public int Common { get; }

    /// <summary>
    /// How many steps are done in any case: a fifth of them for one shot, and a tenth more for each other one. The more shots a clip has, the longer the velocity goes on turning; how many subjects a caption has, or
    /// how long it is, made no difference.
    /// </summary>
    /// <param name="steps">The most steps, at least 1.</param>
    /// <param name="shots">Shots of the clip, at least 1.</param>
    /// <returns>From 1 to <paramref name="steps"/>.</returns>
    public static int FirstSteps(int steps, int shots) => (int)Math.Min(Math.Ceiling(steps * (1.0 + shots) / 10), steps);

    /// <summary>The ways for some steps.</summary>
    /// <param name="share">The share of itself by which the velocity may turn.</param>
    /// <param name="whole">The most steps.</param>
    /// <param name="shots">Shots of the clip.</param>
    /// <param name="lay">Plans the steps of other noise levels in the same manner.</param>
    /// <returns>Null where the steps are too few to leave any out, or to see the velocity turn before.</returns>
    internal static AdaptivePlan? Of(double share, PlannedSteps whole, int shots, Func<FlowSchedule, PlannedSteps> lay)
    {
        int first = FirstSteps(whole.Schedule.Steps, shots);
        PlannedSteps[] fewer = [.. Strides.Select(stride => whole.Schedule.Thinned(first, stride)).Where(levels => levels.Steps < whole.Schedule.Steps).DistinctBy(levels => levels.Steps).Select(lay)];
        int common = fewer.Select(way => CommonSteps(way.Solver, whole.Solver)).DefaultIfEmpty(0).Min();
        ImmutableArray<PlannedSteps> ways = [.. fewer.Where(way => way.Solver.Steps.Length > common + 1), whole];
        return common >= 2 && ways.Length > 1 ? new AdaptivePlan(share, ways, common) : null;
    }

    /// <summary>The way to take.</summary>
    /// <param name="turn">Has the velocities of the evaluations that all ways have in common, or of the last two of them.</param>
    /// <returns>Which of <see cref="Ways"/>: the first whose next evaluation but one, where its first wide step leads, is near enough for the velocity; the last where none is.</returns>
    public int Choose(VelocityTurn turn)
    {
        ArgumentNullException.ThrowIfNull(turn);
        int way = 0;
        while (way < Ways.Length - 1 && !(turn.Expect(Ways[way].Solver.Steps[Common + 1]) <= Share))
        {
            way++;
        }

        return way;
    }

    /// <summary>How many evaluations two plans begin with that are the same in both.</summary>
    private static int CommonSteps(SolverPlan one, SolverPlan other) =>
        one.Steps.Zip(other.Steps).TakeWhile(pair => pair.First.Timestep == pair.Second.Timestep && pair.First.Weights.SequenceEqual(pair.Second.Weights)).Count();
}
