namespace Seedance.Onnx.Sampling;

/// <summary>
/// Guidance makes velocities too large, and with them contrast and colours. Rescaling brings their deviation back towards that of the branch that guidance leads to:
/// v' = v · (φ · std(v_G) / std(v) + 1 − φ) (Lin et al., "Common diffusion noise schedules and sample steps are flawed", 2024, equations 15 and 16).
/// </summary>
public static class GuidanceRescale
{
    /// <summary>Scales the velocities of all branches alike, so that the guided one comes out rescaled; nothing where <see cref="SolverStep.Rescale"/> is 0. Allocates nothing.</summary>
    /// <param name="step">The step whose guidance counts.</param>
    /// <param name="velocities">[G, n] float32: one velocity a branch, changed in place.</param>
    public static void Apply(SolverStep step, Span<float> velocities)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (step.Rescale == 0)
        {
            return;
        }

        int length = velocities.Length / step.Branches;
        double guided = Deviation(step, velocities, length, alone: false), target = Deviation(step, velocities, length, alone: true);
        float factor = guided > 0 ? (float)((step.Rescale * target / guided) + 1 - step.Rescale) : 1;
        foreach (ref float value in velocities)
        {
            value *= factor;
        }
    }

    /// <summary>The standard deviation of the guided velocity, or of the last branch alone.</summary>
    private static double Deviation(SolverStep step, ReadOnlySpan<float> velocities, int length, bool alone)
    {
        double sum = 0, squares = 0;
        for (int i = 0; i < length; i++)
        {
            double value = velocities[((step.Branches - 1) * length) + i];
            if (!alone)
            {
                value *= step.Guidance[^1];
                for (int branch = 0; branch < step.Branches - 1; branch++)
                {
                    value += step.Guidance[branch] * velocities[(branch * length) + i];
                }
            }

            sum += value;
            squares += value * value;
        }

        return Math.Sqrt(Math.Max((squares / length) - (sum / length * (sum / length)), 0));
    }
}
