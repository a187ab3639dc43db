/* Draws the charts of a page from the JSON beside them; without it the figures stand in tables and lists. */
"use strict";

(() => {
  const draw = (box) => {
    const data = JSON.parse(document.getElementById(box.dataset.hyChart).textContent);
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--tblr-secondary").trim() || "#667";
    const accent = style.getPropertyValue("--tblr-primary").trim() || "#2a6fdb";
    const chart = echarts.init(box, null, { renderer: "svg", height: 220 });
    chart.setOption({
      animation: false,
      grid: { left: 36, right: 12, top: 16, bottom: 28 },
      tooltip: { trigger: "axis" },
      xAxis: {
        type: "category",
        data: data.days.map((day) => day.slice(5)),
        axisLabel: { color: ink },
        axisLine: { lineStyle: { color: ink } },
      },
      yAxis: { type: "value", minInterval: 1, axisLabel: { color: ink }, splitLine: { lineStyle: { opacity: 0.25 } } },
      series: [{ name: data.label, type: "bar", data: data.counts, itemStyle: { color: accent }, barMaxWidth: 18 }],
    });
    new ResizeObserver(() => chart.resize()).observe(box);
  };
  document.querySelectorAll("[data-hy-chart]").forEach(draw);
})();
