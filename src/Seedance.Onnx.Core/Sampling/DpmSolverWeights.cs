namespace Seedance.Onnx.Sampling;

/// <summary>
/// The weights of DPM-Solver++ on data predictions, for the move from noise level s to t = s + 1 of a schedule (Lu et al. 2022,
/// section 4 and appendix A).
/// </summary>
internal static class DpmSolverWeights
{
    /// <summary>Below this many steps the order also falls towards an end that is not clean, as diffusers does.</summary>
    public const int FewSteps = 15;

    /// <summary>Weights of m_s, m_{s−1}, … in the latents at t; <paramref name="order"/> of them.</summary>
    public static double[] Step(FlowSchedule schedule, int step, int order)
    {
        double alpha = 1 - schedule[step + 1];
        double h = Gap(schedule, step);
        double phi = Math.Exp(-h) - 1;
        if (order == 1)
        {
            return [-alpha * phi];
        }

        double r0 = Gap(schedule, step - 1) / h;
        if (order == 2)
        {
            double slope = -0.5 * alpha * phi / r0;
            return [(-alpha * phi) + slope, -slope];
        }

        // D1 = D10 + r0 / (r0 + r1) (D10 − D11) and D2 = (D10 − D11) / (r0 + r1), with D10 = (m0 − m1) / r0 and D11 = (m1 − m2) / r1.
        double r1 = Gap(schedule, step - 2) / h;
        double first = alpha * ((phi / h) + 1);
        double second = -alpha * (((phi + h) / (h * h)) - 0.5);
        double bend = ((first * r0) + second) / (r0 + r1);
        double newer = (first + bend) / r0;
        double older = -bend / r1;
        return [(-alpha * phi) + newer, older - newer, -older];
    }

    private static double Gap(FlowSchedule schedule, int step) =>
        LambdaSpace.Lambda(schedule, step + 1) - LambdaSpace.Lambda(schedule, step);
}
